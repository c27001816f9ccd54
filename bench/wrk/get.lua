-- GETs of addresses drawn from a file. PATHS: the file, an address a line.
dofile(os.getenv("COMMON"))

local requests = {}

function init()
  seed()
  for path in io.lines(os.getenv("PATHS")) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  return requests[math.random(#requests)]
end

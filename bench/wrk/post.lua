-- POSTs of orders. ORDERS: how many are in one; 1 is sent as an object, more as a list.
-- Bodies are made before the first is sent, so that making them costs the measurement nothing.
dofile(os.getenv("COMMON"))

local many = tonumber(os.getenv("ORDERS"))
local requests = {}

local function body()
  if many == 1 then
    return random_order()
  end
  local orders = {}
  for number = 1, many do
    orders[number] = random_order()
  end
  return "[" .. table.concat(orders, ",") .. "]"
end

function init()
  seed()
  for number = 1, many == 1 and 2000 or 20 do
    requests[number] = wrk.format("POST", "/transactions", nil, body())
  end
end

function request()
  return requests[math.random(#requests)]
end

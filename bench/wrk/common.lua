-- What all kinds of requests share. TOKEN: whose they are. Prints one line of JSON when all is done.
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
wrk.headers["Content-Type"] = "application/json"

function seed()
  math.randomseed(os.time())
end

function random_order()
  return string.format(
    '{"user_id": %d, "amount": "%.2f", "status": "SUCCESS"}',
    math.random(1, 10000), math.random(100, 500000) / 100
  )
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout
  ))
end

-- For wrk: sends the request in the file BODY, if there is one, and counts the answers that have not the status EXPECTED. With VARY, a token, each
-- request has another signature.
local body = os.getenv("BODY")
if body and body ~= "" then
  local file = assert(io.open(body, "rb"))
  wrk.method, wrk.body = "POST", file:read("*a")
  wrk.headers["Content-Type"] = "application/x-git-upload-pack-request"
  file:close()
end

local vary = os.getenv("VARY")
if vary and vary ~= "" then
  -- In the middle of the signature, where its size does not change.
  local signature = vary:find(".", vary:find(".", 1, true) + 1, true) + 20
  local before, after, count = vary:sub(1, signature), vary:sub(signature + 9), math.random(0, 99999999)
  function request()
    count = (count + 1) % 100000000
    wrk.headers["Authorization"] = string.format("Bearer %s%08d%s", before, count, after)
    return wrk.format()
  end
end

local expected = tonumber(os.getenv("EXPECTED"))
local threads = {}
wrong = 0

function setup(thread) table.insert(threads, thread) end
function response(status) if status ~= expected then wrong = wrong + 1 end end
function done(summary)
  local sum = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do sum = sum + thread:get("wrong") end
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, sum))
end

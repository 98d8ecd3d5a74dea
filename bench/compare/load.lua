-- For wrk: sends the request in the file BODY, if there is one, and counts the answers that have another status than EXPECTED, 200 or a refusal. With VARY,
-- a token, each request has another signature. No function is called for an answer, and little is done for a request: this runs on the processors of the servers.
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
  local before, after, count
  math.randomseed(os.time())
  function init()
    wrk.headers["Authorization"] = "Bearer " .. vary:sub(1, signature) .. "VARIABLE" .. vary:sub(signature + 9)
    local text = wrk.format()
    local at = text:find("VARIABLE", 1, true)
    before, after, count = text:sub(1, at - 1), text:sub(at + 8), math.random(0, 99999999)
  end
  function request()
    count = (count + 1) % 100000000
    return before .. string.format("%08d", count) .. after
  end
end

local expected = tonumber(os.getenv("EXPECTED"))
function done(summary)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local refused = summary.errors.status
  local wrong = expected == 0 and 0 or expected < 400 and refused or summary.requests - refused
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, failed + wrong))
end

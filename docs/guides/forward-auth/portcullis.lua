-- Asks Portcullis whether a request may pass. HAProxy 2.5 or newer, with Lua.
local check = "http://127.0.0.1:7080/auth/check"
local answers = { "user", "groups", "actor", "client", "token-id", "permission" }

core.register_action("portcullis", { "http-req" }, function(txn)
    local given = txn.http:req_get_headers()
    local question = {
        ["x-forwarded-method"] = { txn.sf:method() },
        ["x-forwarded-uri"] = { txn.sf:pathq() },
        ["x-forwarded-host"] = { txn.sf:req_hdr("host") },
        ["x-forwarded-for"] = { txn.sf:src() },
    }

    -- Nothing of the client's goes along but this; all of it, so that two credentials are seen as two.
    for _, name in ipairs({ "authorization", "user-agent", "x-http-method-override", "x-http-method", "x-method-override" }) do
        if given[name] then
            local values = {}
            for i = 0, #given[name] do
                values[#values + 1] = given[name][i]
            end
            question[name] = values
        end
    end

    local answer = core.httpclient():get({ url = check, headers = question, timeout = 10000 })
    if answer ~= nil and answer.status == 200 then
        for _, name in ipairs(answers) do
            local header = "x-auth-request-" .. name
            local value = answer.headers[header]
            txn.http:req_set_header(header, value and value[0] or "")
        end
        return
    end

    -- Whatever is not a yes is a no.
    local status = answer ~= nil and answer.status or 503
    if status ~= 401 and status ~= 403 and status ~= 429 then
        status = 503
    end
    local reply = txn:reply({ status = status, reason = "No" })
    if answer ~= nil then
        for _, header in ipairs({ "www-authenticate", "content-type", "retry-after" }) do
            if answer.headers[header] then
                reply:add_header(header, answer.headers[header][0])
            end
        end
        reply:set_body(answer.body or "")
    end
    txn:done(reply)
end)

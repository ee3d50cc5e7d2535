-- `docker inspect` of a container, without its variables: passwords are among them.

-- A text of JSON with each list `Env` emptied; nil when one of them has no end. A text within it cannot look like such a list: its
-- quotes have a backslash before them.
local function without_variables(json)
  local parts, from = {}, 1
  while true do
    local _, open = json:find('"Env":[', from, true)
    if not open then break end
    local at, quoted = open + 1, false
    while true do
      local char = json:sub(at, at)
      if char == "" then return nil end
      if quoted then
        if char == "\\" then at = at + 1 elseif char == '"' then quoted = false end
      elseif char == '"' then
        quoted = true
      elseif char == "]" then
        break
      end
      at = at + 1
    end
    parts[#parts + 1] = json:sub(from, open)
    from = at
  end
  parts[#parts + 1] = json:sub(from)
  return table.concat(parts)
end

local function answer(applet, status, kind, body)
  applet:set_status(status)
  applet:add_header("content-type", kind)
  applet:add_header("content-length", #body)
  applet:start_response()
  applet:send(body)
end

core.register_service("inspect", "http", function(applet)
  local engine = core.tcp()
  engine:settimeout(60)
  if not engine:connect("unix@/var/run/docker.sock") then
    return answer(applet, 502, "text/plain", "read-only: the engine does not answer\n")
  end
  local query = applet.qs ~= "" and "?" .. applet.qs or ""
  -- HTTP 1.0: the answer comes whole, and ends with the connection.
  engine:send("GET " .. applet.path .. query .. " HTTP/1.0\r\nHost: docker\r\n\r\n")
  local text = engine:receive("*a") or ""
  engine:close()
  local status, head, body = text:match("^HTTP/1%.%d (%d%d%d)(.-)\r\n\r\n(.*)$")
  body = status and not head:lower():find("transfer%-encoding") and without_variables(body)
  if not body then return answer(applet, 502, "text/plain", "read-only: no whole answer of the engine\n") end
  answer(applet, tonumber(status), "application/json", body)
end)

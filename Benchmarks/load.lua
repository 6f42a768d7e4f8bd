-- Sends requests that were prepared as they go over the wire. Arguments: a file of them, each ended by NUL; `draw` or `once`; where answers go; what of them.
--   draw: any of them, evenly, until the time is over.
--   once: each exactly once, at a pace when there is one; the answers are written, numbered by the x-fapi-interaction-id that the request carried.

local ffi = require("ffi")
ffi.cdef [[ typedef struct { long seconds; long nanoseconds; } moment; int clock_gettime(int clock, moment *now); ]]
local monotonic = 1

local function clock()
    local now = ffi.new("moment")
    ffi.C.clock_gettime(monotonic, now)
    return tonumber(now.seconds) + tonumber(now.nanoseconds) / 1e9
end

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local requests, mine, sent, answered, began, wanted, path, answers = {}, 0, 0, 0, nil, nil, nil, nil
local pace, slot = 0, 0

local function drawn() return requests[math.random(#requests)] end

-- wrk asks the first thread for one request that it does not send.
local function trial() return requests[1] end

local function next_of_mine()
    began = began or clock()
    sent = sent + 1
    return requests[(sent - 1) * share + number + 1]
end

-- A connection without work waits for longer than the run takes; with a pace each request waits for its turn.
local function pause()
    if sent >= mine then return 600000 end
    if pace == 0 then return 0 end
    local now = clock()
    slot = math.max(slot, now) + 1 / pace
    return (slot - now) * 1000
end

local function finish()
    answers:close()
    local done = io.open(path .. ".done", "w")
    done:write(string.format("%.6f %.6f", began or clock(), clock()))
    done:close()
end

local function keep(status, headers, body)
    answered = answered + 1
    local fields = {}
    for name, value in pairs(headers) do fields[name:lower()] = value end
    local content = wanted == "location" and fields["location"] or wanted == "body" and body or ""
    answers:write(fields["x-fapi-interaction-id"]:sub(1, 8), " ", content, "\0")
    if answered == mine then finish() end
end

function init(args)
    local file = assert(io.open(args[1], "rb"))
    for one in file:read("*a"):gmatch("[^%z]+") do table.insert(requests, one) end
    file:close()
    math.randomseed(os.time() + number)
    if args[2] == "draw" then
        request = drawn
        return
    end
    share = tonumber(args[5])
    pace = tonumber(args[6])
    wanted = args[4]
    path = args[3] .. "." .. number
    answers = assert(io.open(path, "wb"))
    for index = number + 1, #requests, share do mine = mine + 1 end
    request, delay, response = next_of_mine, pause, keep
    if number == 0 then
        request = function()
            request = next_of_mine
            return trial()
        end
    end
    if mine == 0 then finish() end
end

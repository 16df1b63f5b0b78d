-- excerpt.lua - lines of text, and the pieces of them that a slide shows.

local report = require 'report'

local excerpt = {}

-- The whole file. It is read as bytes: what is not UTF-8 is refused by pandoc.
function excerpt.read(path)
  local file = io.open(path, 'rb')
  if not file then report.fail('cannot open %s', path) end
  local content = file:read('a')
  file:close()
  return content
end

function excerpt.lines(content)
  local lines = {}
  for line in (content:gsub('\n$', '') .. '\n'):gmatch('([^\n]*)\n') do
    lines[#lines + 1] = line
  end
  return lines
end

function excerpt.slice(lines, first, last)
  return table.move(lines, first, last, 1, {})
end

-- The number of columns. Code and sessions have no wide characters.
function excerpt.width(lines)
  local widest = 0
  for _, line in ipairs(lines) do
    widest = math.max(widest, utf8.len(line) or #line)
  end
  return widest
end

-- Without the indentation that all lines share, and without empty lines around.
function excerpt.trim(lines)
  local first, last = 1, #lines
  while first <= last and not lines[first]:match('%S') do first = first + 1 end
  while last >= first and not lines[last]:match('%S') do last = last - 1 end
  local indent
  for i = first, last do
    if lines[i]:match('%S') then
      indent = math.min(indent or math.huge, #lines[i]:match('^ *'))
    end
  end
  local trimmed = {}
  for i = first, last do trimmed[#trimmed + 1] = lines[i]:sub((indent or 0) + 1) end
  return trimmed
end

-- The first line from `start` on that is these words, or else that contains them.
local function find(lines, words, start)
  for i = start, #lines do
    if lines[i] == words then return i end
  end
  for i = start, #lines do
    if lines[i]:find(words, 1, true) then return i end
  end
end

-- From the line that contains `from` to the next one that contains `to`. A line that
-- is no longer there is an error, and so is one that could be either of two.
function excerpt.between(lines, from, to, where)
  local first, last = 1, #lines
  if from then
    first = find(lines, from, 1) or report.fail('%s has no line with: %s', where, from)
    if lines[first] ~= from and find(lines, from, first + 1) then
      report.fail('%s has more than one line with: %s', where, from)
    end
  end
  if to then
    last = find(lines, to, first) or report.fail('%s has no later line with: %s', where, to)
  end
  return excerpt.slice(lines, first, last)
end

-- The numbers of the lines that contain one of the pieces "a|b|c".
function excerpt.marked(lines, pieces, where)
  local numbers = {}
  for piece in pieces:gmatch('[^|]+') do
    local i = find(lines, piece, 1) or report.fail('%s has no line to mark with: %s', where, piece)
    while i do
      numbers[i] = true
      i = find(lines, piece, i + 1)
    end
  end
  return numbers
end

return excerpt

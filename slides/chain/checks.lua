-- checks.lua - tables of checks and points, out of what the checks say of themselves.
--
--   ::: {.checks lab=2 only="create"}     promise and points of each check whose name
--   :::                                   begins with "create"
--   ::: {.points lab=2}                   a row a group of checks: the promise of its first one,
--   :::                                   how many there are, and the points of all
--
-- build/slides/checks.tsv is made from build/checks.json: lab, name, points, promise.

local report = require 'report'
local excerpt = require 'excerpt'

local checks = {}

local function of_lab(number)
  local rows = {}
  for _, line in ipairs(excerpt.lines(excerpt.read('build/slides/checks.tsv'))) do
    local lab, name, points, promise = line:match('^lab(%d)\t([^\t]*)\t(%d+)\t(.*)$')
    if lab == number then
      rows[#rows + 1] = { name = name, points = tonumber(points), promise = promise }
    end
  end
  if #rows == 0 then report.fail('lab %s has no checks', tostring(number)) end
  return rows
end

local function pipe_table(heads, rows, rule)
  local lines = { '| ' .. table.concat(heads, ' | ') .. ' |', rule }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = '| ' .. table.concat(row, ' | ') .. ' |'
  end
  return pandoc.read(table.concat(lines, '\n'), 'markdown-smart').blocks
end

-- In the promises the names of functions, calls and errors are code.
local function as_code(promise)
  return (promise:gsub('%f[%w_*]([%w*]+_[%w_]+)', '`%1`'):gsub('%f[%w]E[A-Z]+%f[^%w]', '`%0`'))
end

function checks.promises(attributes)
  local rows = {}
  for _, check in ipairs(of_lab(attributes.lab)) do
    if not attributes.only or check.name:match('^' .. attributes.only .. '_') then
      rows[#rows + 1] = { as_code(check.promise), tostring(check.points) }
    end
  end
  if #rows == 0 then report.fail('no check of lab %s begins with %s', attributes.lab, attributes.only) end
  return pipe_table({ 'Promise', 'Points' }, rows, '|:--|--:|')
end

function checks.points(attributes)
  local groups, order = {}, {}
  for _, check in ipairs(of_lab(attributes.lab)) do
    local group = check.name:match('^%a+')
    if not groups[group] then
      groups[group] = { checks = 0, points = 0, promise = as_code(check.promise) }
      order[#order + 1] = group
    end
    groups[group].checks = groups[group].checks + 1
    groups[group].points = groups[group].points + check.points
  end
  local rows, other = {}, { checks = 0, points = 0 }
  for _, name in ipairs(order) do
    local group = groups[name]
    if group.checks > 1 then
      rows[#rows + 1] =
        { '`' .. name .. '_…`', group.promise, tostring(group.checks), tostring(group.points) }
    else
      other.checks, other.points = other.checks + 1, other.points + group.points
    end
  end
  if other.checks > 0 then
    rows[#rows + 1] = { 'others', 'What holds for all of them.', tostring(other.checks), tostring(other.points) }
  end
  return pipe_table({ 'Checks', 'The first of them promises', 'How many', 'Points' }, rows, '|:--|:--|--:|--:|')
end

return checks

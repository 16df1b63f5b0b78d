-- code.lua - regions of files that the course compiles.
--
-- A file is one of
--   solutions/..., labs/..., grader/mutants/right/...   as it is compiled; a solution without
--                                                       the markers of its TODOs
--   grader/mutants/labN/NAME.patch                      the wrong program that the patch makes
--
-- A region is a marked one,   /* [name] */ ... /* [/name] */
-- or the definition that begins with the name at the left margin: a function, a
-- prototype in a header, "struct NAME", "enum NAME", "#define NAME".

local report = require 'report'
local excerpt = require 'excerpt'

local code = {}

local SKELETON_AWK = 'grader/tools/skeleton.awk'

local function clean_solution(path)
  return pandoc.pipe('awk', { '-v', 'mode=solution', '-f', SKELETON_AWK, path }, '')
end

local function compiled_file(path)
  if path:match('^solutions/') then return clean_solution(path) end
  if path:match('^labs/') or path:match('^grader/mutants/right/') then
    return excerpt.read(path)
  end
  report.fail('%s is not among the files that the course compiles', path)
end

-- "4" -> "04-rmid", from the list of the labs
local function lab_directory(number)
  local labs = excerpt.read('grader/grade/labs.def')
  return labs:match('LAB%(' .. number .. ', "([^"]+)"') or report.fail('there is no lab %s', number)
end

-- The wrong program: the patch, applied to the solution or to the right program that
-- its line "Base:" names. grader/tests/submissions.py makes it in the same way.
local function mutant(path, wanted)
  local patch = excerpt.read(path)
  local number = path:match('/lab(%d)/')
  local base = patch:match('\nBase: *([%w_]+)')
  local directory = base and ('grader/mutants/right/lab%s/%s/'):format(number, base)
    or ('solutions/%s/'):format(lab_directory(number))
  local only
  return pandoc.system.with_temporary_directory('mutant', function(temporary)
    for name in patch:gmatch('\n%+%+%+ ([%w_]+%.c)') do
      only = only or name
      local file = io.open(temporary .. '/' .. name, 'wb')
      file:write(compiled_file(directory .. name))
      file:close()
    end
    pandoc.pipe('patch', { '--quiet', '--directory=' .. temporary }, patch)
    return excerpt.read(temporary .. '/' .. (wanted or only))
  end), only
end

local function marked_region(lines, name)
  local first, last
  for i, line in ipairs(lines) do
    local mark = line:match('^%s*/%* %[(/?[%w_-]+)%] %*/$')
    if mark == name then first = i + 1 end
    if mark == '/' .. name then last = i - 1 end
  end
  if first and last then return excerpt.slice(lines, first, last) end
end

-- The last line of the definition that begins in line `first`, and whether it has a body:
-- a prototype has none.
local function definition_end(lines, first)
  if lines[first]:match('^#') then return first, true end
  local opened = false
  for i = first, #lines do
    opened = opened or lines[i]:find('{', 1, true) ~= nil
    if opened and lines[i]:match('^}') then return i, true end
    if not opened and lines[i]:find(';', 1, true) then return i, false end
  end
end

local function definition(lines, name)
  local pattern = '%f[%w_#]' .. name:gsub('%p', '%%%0') .. '%f[^%w_]'
  local prototype
  for i, line in ipairs(lines) do
    if line:match('^[%a_#]') and line:match(pattern) then
      local last, whole = definition_end(lines, i)
      local found = last and excerpt.slice(lines, i, last)
      if whole then return found end
      prototype = prototype or found
    end
  end
  return prototype
end

local function region(lines, name, where)
  return marked_region(lines, name) or definition(lines, name)
    or report.fail('%s has no region and no definition "%s"', where, name)
end

-- What stands between the braces of a function.
local function body(lines)
  for i, line in ipairs(lines) do
    if line == '{' then return excerpt.slice(lines, i + 1, #lines - 1) end
  end
  return lines
end

-- Without the comments: the slide says the same in words.
local function without_comments(lines)
  local bare = {}
  for _, line in ipairs(excerpt.lines((table.concat(lines, '\n'):gsub('%s*/%*.-%*/', '')))) do
    bare[#bare + 1] = line
  end
  return bare
end

local function without_empty_lines(lines)
  local full = {}
  for _, line in ipairs(lines) do
    if line:match('%S') then full[#full + 1] = line end
  end
  return full
end

-- The lines that a code block asks for with its attributes, and the name of the file.
function code.lines(attributes)
  local path = attributes.include
  local content, name
  if path:match('%.patch$') then
    content, name = mutant(path, attributes.file)
  else
    content, name = compiled_file(path), path:match('[^/]+$')
  end
  local lines = excerpt.lines(content)
  if attributes.region then lines = region(lines, attributes.region, path) end
  if attributes.part == 'body' then lines = body(lines) end
  lines = excerpt.between(lines, attributes.from, attributes.to, path)
  if attributes.comments == 'no' then lines = without_comments(lines) end
  if attributes.empty == 'no' then lines = without_empty_lines(lines) end
  return excerpt.trim(lines), attributes.file or name
end

-- The course's own style, for lines of that many columns.
local function style(columns)
  local settings = {}
  for _, line in ipairs(excerpt.lines(excerpt.read('.clang-format'))) do
    if not line:match('^#') then settings[#settings + 1] = line end
  end
  local all = '{' .. table.concat(settings, ', ') .. '}'
  return (all:gsub('ColumnLimit: %d+', 'ColumnLimit: ' .. columns))
end

-- The files' lines are longer than a slide's: then the same words are laid out again.
function code.fitted(lines, columns)
  if excerpt.width(lines) <= columns then return lines end
  local again = pandoc.pipe('clang-format', { '--style=' .. style(columns), '--assume-filename=slide.c' },
    table.concat(lines, '\n') .. '\n')
  return excerpt.lines(again)
end

return code

-- session.lua - terminal sessions, out of the handouts' executed blocks.
--
-- A handout's experiment is a section with blocks  ```console A ... ``` ; the letter
-- names the terminal. The blocks are played by the tests of the handouts, so that what
-- a slide shows did happen.

local report = require 'report'
local excerpt = require 'excerpt'

local session = {}

-- pandoc would lose the terminal's name: it stands behind the language.
local function with_terminals(markdown)
  return (('\n' .. markdown):gsub('\n```console (%w+)[^\n]*', '\n``` {.console terminal="%1"}'))
end

-- "3. Killed half-way" is called "Killed half-way".
local function name(header)
  return (pandoc.utils.stringify(header):gsub('^Experiment%s*', ''):gsub('^[%d.]+[:.]?%s*', ''))
end

local function blocks(path, experiment)
  local found, level
  for _, block in ipairs(pandoc.read(with_terminals(excerpt.read(path)), 'markdown-smart').blocks) do
    if block.t == 'Header' then
      if level and block.level <= level then break end
      if name(block) == experiment then found, level = {}, block.level end
    elseif found and block.t == 'CodeBlock' and block.attributes.terminal then
      found[#found + 1] = block
    end
  end
  return found or report.fail('%s has no experiment "%s"', path, experiment)
end

-- The lines of one terminal in one experiment, or a piece of them.
function session.lines(attributes)
  local path, terminal = attributes.include, attributes.terminal or 'A'
  local where = ('%s, "%s", terminal %s'):format(path, attributes.experiment or '', terminal)
  local lines = {}
  for _, block in ipairs(blocks(path, attributes.experiment)) do
    if block.attributes.terminal == terminal then
      for _, line in ipairs(excerpt.lines(block.text)) do lines[#lines + 1] = line end
    end
  end
  if #lines == 0 then report.fail('%s has no session', where) end
  return excerpt.between(lines, attributes.from, attributes.to, where)
end

return session

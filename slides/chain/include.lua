-- include.lua - fills the slides: code, sessions, tables and figures from their one source.
--
-- What it leaves is plain pandoc: every writer takes it, reveal.js and PowerPoint too.
-- slides/README.md explains the attributes; deck.lua makes this course's HTML of it.

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. '/?.lua;' .. package.path
local checks = require 'checks'
local code = require 'code'
local figure = require 'figure'
local report = require 'report'
local session = require 'session'
local excerpt = require 'excerpt'

-- Lines and columns that can be read from the last row, on a whole slide and in a column.
local LIMITS = {
  slide = { rows = 16, code = 62, session = 78 },
  column = { rows = 16, code = 42, session = 48 },
}

local function check_size(lines, kind, place)
  local limit, width = LIMITS[place], excerpt.width(lines)
  if #lines > limit.rows or width > limit[kind] then
    report.fail('%d lines of up to %d columns; there is room for %d lines of %d: "%s"',
      #lines, width, limit.rows, limit[kind], lines[1])
  end
end

local function joined(numbers)
  local list = {}
  for number in pairs(numbers) do list[#list + 1] = number end
  table.sort(list)
  return table.concat(list, ',')
end

-- A code block that includes something becomes one that holds it.
local function listing(block, place)
  local attributes = block.attributes
  local kind = block.classes:includes('session') and 'session' or 'code'
  local lines, name
  if attributes.include then
    if kind == 'session' then
      lines, name = session.lines(attributes), 'terminal ' .. (attributes.terminal or 'A')
    else
      lines, name = code.lines(attributes)
      lines = code.fitted(lines, LIMITS[place].code)
    end
  elseif block.classes:includes('text') then
    lines = excerpt.lines(block.text)
  else
    report.fail('code and sessions are included, not typed: %s', block.text:match('[^\n]*'))
  end
  check_size(lines, kind, place)
  local shown = { file = name }
  if attributes.mark then shown.mark = joined(excerpt.marked(lines, attributes.mark, name)) end
  return pandoc.CodeBlock(table.concat(lines, '\n'), pandoc.Attr('', block.classes, shown))
end

local function lone_image(block)
  local image = (block.t == 'Para' or block.t == 'Plain') and #block.content == 1 and block.content[1]
  return image and image.t == 'Image' and image
end

local fill

-- Where pandoc cannot read what stands behind ``` it takes the block for words.
local function refuse_broken_fences(block)
  pandoc.walk_block(block, { Code = function(inline)
    if inline.text:match('^{[.#]') then report.fail('pandoc cannot read these attributes: %s', inline.text) end
  end })
end

local function filled(block, place)
  local image = lone_image(block)
  if image then return { figure.block(image) } end
  if block.t == 'CodeBlock' then return { listing(block, place) } end
  if block.t ~= 'Div' then refuse_broken_fences(pandoc.Div { block }) end
  if block.t ~= 'Div' or block.classes:includes('notes') then return { block } end
  if block.classes:includes('checks') then
    block.content = checks.promises(block.attributes)
  elseif block.classes:includes('points') then
    block.content = checks.points(block.attributes)
  else
    block.content = fill(block.content, block.classes:includes('columns') and 'column' or place)
  end
  return { block }
end

function fill(blocks, place)
  local out = pandoc.List()
  for _, block in ipairs(blocks) do
    if block.t == 'Header' then report.slide = pandoc.utils.stringify(block) end
    out:extend(filled(block, place))
  end
  return out
end

function Pandoc(document)
  document.blocks = fill(document.blocks, 'slide')
  return document
end

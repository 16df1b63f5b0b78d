-- figure.lua - Graphviz figures, step by step.
--
--   ![What a person who cannot see the figure needs to know.](figures/life.svg){step=2}
--
-- slides/figures/life.dot is drawn once, with everything in it. A class "s2" in the .dot
-- makes a node or an edge appear at step 2, "s2-3" shows it in steps 2 and 3 only: the
-- rest stays in its place. Without step= all of it is shown.

local report = require 'report'
local excerpt = require 'excerpt'

local figure = {}

local DRAWN = 'build/slides/'

local function is_shown(classes, step)
  for class in classes:gmatch('%S+') do
    local first, last = class:match('^s(%d+)%-?(%d*)$')
    if first then
      return step >= tonumber(first) and step <= (tonumber(last) or math.huge)
    end
  end
  return true
end

local function at_step(svg, step)
  return (svg:gsub('<g id="[^"]*" class="([^"]*)">.-</g>\n?', function(classes)
    classes = classes:gsub('&#45;', '-') -- so Graphviz writes "s2-3"
    if classes:match('^graph') or is_shown(classes, step) then return nil end
    return ''
  end))
end

-- Neither comments nor ids: several figures stand in one page.
local function bare(svg)
  svg = svg:gsub('^.-<svg', '<svg', 1):gsub('<!%-%-.-%-%->%s*', ''):gsub('%s*<title>.-</title>', '')
  svg = svg:gsub(' id="[^"]*"', ''):gsub('(<svg[^>]-) width="[^"]*" height="[^"]*"', '%1', 1)
  return (svg:gsub('<svg', '<svg aria-hidden="true" focusable="false"', 1))
end

local function drawn(image)
  local svg = excerpt.read(DRAWN .. image.src)
  local step = image.attributes.step
  -- The group of the whole graph encloses the others: its own line is kept out of the way.
  local head, rest = svg:match('^(.-<g id="graph0"[^\n]*\n)(.*)$')
  return step and head .. at_step(rest, tonumber(step)) or svg
end

-- For this course's HTML the drawing goes into the page, where the style sheet colours
-- it; for other formats it is an image like any other.
function figure.block(image)
  local alternative = pandoc.utils.stringify(image.caption)
  if alternative == '' then report.fail('%s needs a text for those who do not see it', image.src) end
  local svg = drawn(image)
  if FORMAT:match('^html') then
    local html = ('<figure class="figure" role="img" aria-label="%s">%s</figure>')
      :format(alternative:gsub('&', '&amp;'):gsub('"', '&quot;'):gsub('<', '&lt;'), bare(svg))
    return pandoc.RawBlock('html', html)
  end
  local name = image.src:gsub('^.*/', ''):gsub('%.svg$', '') .. (image.attributes.step or '') .. '.svg'
  pandoc.mediabag.insert(name, 'image/svg+xml', svg)
  return pandoc.Para { pandoc.Image(image.caption, name) }
end

return figure

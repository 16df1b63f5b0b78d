-- deck.lua - one <article> a slide, for the course's own HTML. It runs after include.lua.
--
--   <article class="sheet" data-minutes="2">
--     <div class="frame"><section class="slide">heading, content, footer</section></div>
--     <aside class="notes">what the speaker says</aside>
--   </article>

package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. '/?.lua;' .. package.path
local report = require 'report'
local excerpt = require 'excerpt'

local function html(blocks)
  return pandoc.write(pandoc.Pandoc(blocks), 'html5')
end

local function escaped(line)
  return (line:gsub('[&<>"]', { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;' }))
end

-- "$ ipcs -m" and "lab3> attach 0": what a person typed stands out from the answer.
local function session_lines(lines)
  local out = {}
  for _, line in ipairs(lines) do
    local prompt, command = line:match('^(%w*[$#>] )(.*)$')
    out[#out + 1] = prompt and ('<span class="prompt">%s</span><kbd>%s</kbd>')
      :format(escaped(prompt), escaped(command)) or escaped(line)
  end
  return out
end

-- pandoc numbers and wraps the lines of a highlighted listing; only the colours are kept.
local function code_lines(block)
  local highlighted = html { pandoc.CodeBlock(block.text, pandoc.Attr('listing', block.classes)) }
  local body = highlighted:match('<code[^>]*>(.*)</code>')
  body = body:gsub('<a href="#listing%-%d+"[^>]*></a>', '')
  local out = {}
  for _, line in ipairs(excerpt.lines(body)) do
    out[#out + 1] = line:match('^<span id="listing%-%d+">(.*)</span>$') or line
  end
  return out
end

local VERDICTS = { wrong = '✗ wrong', right = '✓ right' }

local function caption(block)
  local parts = {}
  for class, verdict in pairs(VERDICTS) do
    if block.classes:includes(class) then
      parts[1] = ('<span class="verdict">%s</span>'):format(verdict)
    end
  end
  if block.attributes.file then parts[#parts + 1] = escaped(block.attributes.file) end
  return #parts > 0 and '<figcaption>' .. table.concat(parts, ' ') .. '</figcaption>' or ''
end

-- The style sheet makes the letters as large as rows and columns allow.
local function listing(block)
  local plain = excerpt.lines(block.text)
  local lines = block.classes:includes('session') and session_lines(plain) or code_lines(block)
  local marks = ',' .. (block.attributes.mark or '') .. ','
  for i, line in ipairs(lines) do
    local class = marks:find(',' .. i .. ',', 1, true) and 'line marked' or 'line'
    lines[i] = ('<span class="%s">%s</span>'):format(class, line)
  end
  return pandoc.RawBlock('html', ('<figure class="listing %s" style="--columns:%d;--rows:%d">%s' ..
      '<pre><code>%s</code></pre></figure>'):format(table.concat(block.classes, ' '),
      excerpt.width(plain), #plain, caption(block), table.concat(lines)))
end

-- Each slide: its heading, what stands under it, and the speaker's notes.
local function slides(blocks)
  local list, current = {}, nil
  for _, block in ipairs(blocks) do
    if block.t == 'Header' and block.level == 2 then
      current = { header = block, content = pandoc.List(), notes = pandoc.List() }
      list[#list + 1] = current
    elseif not current then
      report.fail('something stands before the first "## " heading')
    elseif block.t == 'Div' and block.classes:includes('notes') then
      current.notes:extend(block.content)
    else
      current.content:insert(block)
    end
  end
  return list
end

local function sheet(slide, number, deck)
  local header = slide.header
  report.slide = pandoc.utils.stringify(header)
  local minutes = tonumber(header.attributes.minutes)
    or report.fail('say how long it takes: ## Heading {minutes=2}')
  if #slide.notes == 0 then report.fail('it has no notes for the speaker') end
  local classes = table.concat({ 'slide', table.unpack(header.classes) }, ' ')
  local heading = html { pandoc.Header(2, header.content, pandoc.Attr(header.identifier)) }
  return minutes, pandoc.List {
    pandoc.RawBlock('html', ('<article class="sheet" data-minutes="%g"><div class="frame"><section class="%s">%s')
      :format(minutes, classes, heading)),
    pandoc.Div(slide.content, pandoc.Attr('', { 'content' })),
    pandoc.RawBlock('html', ('<footer><span>%s</span><span>%d</span></footer></section></div>')
      :format(escaped(deck), number)),
    pandoc.Div(slide.notes, pandoc.Attr('', { 'notes' })),
    pandoc.RawBlock('html', '</article>'),
  }
end

function Pandoc(document)
  local meta = document.meta
  local total = tonumber(pandoc.utils.stringify(meta.minutes or ''))
    or report.fail('the deck begins with "minutes:", the time for its title slide')
  if not meta.notes then report.fail('the deck begins with "notes:" for its title slide') end
  local out = pandoc.List()
  for i, slide in ipairs(slides(document.blocks)) do
    local minutes, blocks = sheet(slide, i + 1, pandoc.utils.stringify(meta.title))
    total = total + minutes
    out:extend(blocks)
    meta.slides = tostring(i + 1)
  end
  meta.total = ('%g'):format(total)
  document.blocks = out
  return document
end

return { { CodeBlock = listing }, { Pandoc = Pandoc } }

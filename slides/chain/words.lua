-- words.lua - what there is to spell: no code, no numbers, but figures' texts and the notes
-- of the title slide.

local function nothing() return {} end

local function caption(image) return pandoc.Emph(image.caption) end

local function without_numbers(str)
  if str.text:match('%d') then return {} end
end

local function with_metadata(document)
  for _, name in ipairs { 'title', 'subtitle', 'notes' } do
    local value = document.meta[name]
    if value and pandoc.utils.type(value) == 'Blocks' then document.blocks:extend(value)
    elseif value then document.blocks:insert(pandoc.Para(value)) end
  end
  return document
end

return { { Pandoc = with_metadata }, { Code = nothing, CodeBlock = nothing, Image = caption, Str = without_numbers } }

-- report.lua - how the filters refuse: the deck, the slide, and what is wrong with it.

local report = { slide = 'the title slide' }

function report.fail(message, ...)
  local deck = PANDOC_STATE.input_files[1] or 'standard input'
  io.stderr:write(('%s: slide "%s": %s\n'):format(deck, report.slide, message:format(...)))
  os.exit(1)
end

return report

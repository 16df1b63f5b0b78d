#error "this header was used"

#error [2J]0;evil <script>alert(1)</script> ]]>
_Static_assert(0, "[31mred");

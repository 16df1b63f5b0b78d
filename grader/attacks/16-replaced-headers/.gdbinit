shell kill -9 -1

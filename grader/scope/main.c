/* main.c */
#include "dot.h"
#include "graphviz.h"
#include "json.h"
#include "moment.h"
#include "run.h"
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc,char**argv){ struct moment m; char*t;size_t n;FILE*f=open_memstream(&t,&n);
 if(argc>3&&!strcmp(argv[1],"--picture")){ json_t*a=json_load_file(argv[2],0,NULL);json_t*r;size_t i;json_array_foreach(a,i,r) if(!strcmp(json_string_value(json_object_get(r,"name")),argv[3])) {struct run run; run_load(&run,r);dot_of_run(&run,f);fclose(f);if(argc>4)fputs(t,stdout);else graphviz_svg(t,"a","b",stdout);}return 0;}
 if(!moment_read(&m)) return 1;
 if(argc>1&&!strcmp(argv[1],"--json")){json_dumpf(json_of_moment(&m),stdout,JSON_INDENT(2));return 0;}
 if(argc>1&&!strcmp(argv[1],"--dot")){dot_of_moment(&m,stdout);return 0;}
 if(argc>1&&!strcmp(argv[1],"--svg")){dot_of_moment(&m,f);fclose(f);graphviz_svg(t,"a","b",stdout);return 0;}
 table_print(&m,stdout); return 0;}

#include "km/config/options.h"
namespace kontain::config {
Result<Options> parse_command_line(int argc, char** argv) { Options o; int i=1; for(;i<argc && argv[i][0]=='-';i++){ std::string a=argv[i]; if(a=="--trace") o.trace_filter=""; else if(a=="--version") o.action=Options::Action::Version; else if (a=="--self-test") o.action=Options::Action::SelfTest; else if (a.rfind("--syscalls",0)==0){ o.action=Options::Action::Syscalls; if(a.size()>11) o.report_format=a.substr(11);} else return fail(a,"","unknown option"); } if(i<argc) o.program=argv[i++]; for(;i<argc;i++) o.arguments.push_back(argv[i]); return o; }
std::string help_text(){ return "help\n"; }
}

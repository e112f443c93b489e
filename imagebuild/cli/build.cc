#include "imagebuild/cli/build.h"

namespace kontain::image::cli {
namespace {

Result<Compression> compression_of(const std::string& name) {
  for (const Compression compression : {Compression::None, Compression::Gzip, Compression::Zstd}) {
    if (name == compression_name(compression)) return compression;
  }
  return fail("--compression", name, "gzip, zstd or none is expected");
}

Result<void> set_pairs(TextMap& map, const std::vector<std::string>& assignments, const char* option) {
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) return fail(option, assignment, "NAME=VALUE is expected");
    map[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  return {};
}

Result<Descriptor> find_base(const Store& store, const BuildOptions& options, const FetchOptions& fetch) {
  if (!options.runenv.empty() && !options.from.empty())
    return fail("--runenv", options.runenv, "not together with --from");
  const std::string source = options.runenv.empty() ? options.from : "runenv-" + options.runenv;
  if (source.empty()) return Descriptor{};
  TRY_ASSIGN(const Imported base, fetch_image(store, source, fetch));
  return base.descriptor;
}

Result<PayloadRequest> payload_request(const Store& store, const BuildOptions& options, const FetchOptions& fetch) {
  PayloadRequest request;
  request.payload = options.payload;
  request.arguments = options.arguments;
  for (const std::string& text : options.copies) {
    TRY_ASSIGN(CopyRequest copy, CopyRequest::parse(text));
    request.copies.push_back(std::move(copy));
  }
  if (options.closure) request.closure = PayloadRequest::Closure::Yes;
  for (const std::string& assignment : options.env) {
    if (assignment.find('=') == std::string::npos || assignment[0] == '=')
      return fail("--env", assignment, "NAME=VALUE is expected");
  }
  request.env = options.env;
  TRY(set_pairs(request.labels, options.labels, "--label"));
  TRY(set_pairs(request.annotations, options.annotations, "--annotation"));
  request.user = options.user;
  request.working_dir = options.working_dir;
  TRY_ASSIGN(request.epoch, source_date_epoch());
  TRY_ASSIGN(request.compression.compression, compression_of(options.compression));
  request.compression.level = options.level;
  if (options.no_cache) request.cache = PayloadRequest::Cache::Ignore;
  TRY_ASSIGN(request.base, find_base(store, options, fetch));
  return request;
}

Result<void> check_form(const BuildOptions& options) {
  const bool dockerfile = !options.file.context.empty() || !options.file.dockerfile.empty();
  if (dockerfile && options.is_short_form())
    return fail("build", options.file.context, "a Dockerfile's image or one payload's, not both at once");
  if (dockerfile || options.is_short_form()) return {};
  return fail("build", "",
              "nothing to build: a folder with a Dockerfile, --payload, --from, --runenv or --copy is needed");
}

Result<Descriptor> build_file(const Store& store, const BuildOptions& options, const FetchOptions& fetch) {
  TRY_ASSIGN(const int64_t epoch, source_date_epoch());
  TRY_ASSIGN(build::BuildOptions request, dockerfile_request(options.file, epoch));
  TRY(set_pairs(request.labels, options.labels, "--label"));
  TRY_ASSIGN(request.compression.compression, compression_of(options.compression));
  request.compression.level = options.level;
  request.use_cache = !options.no_cache;
  request.dry_run = options.dry_run;
  return build_dockerfile(store, request, options.file.progress, fetch);
}

}  // namespace

void add_build_options(CLI::App& app, BuildOptions& options) {
  CLI::Option_group& result = *app.add_option_group("Result");
  result.add_option("-t,--tag", options.tag, "name of the image")->type_name("NAME[:TAG]");
  result.add_option("-o,--output", options.outputs, "also put it there; may be repeated")
      ->type_name("KIND[:PATH]")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  result.add_option("--print", options.print, "text, digest or json")->check(CLI::IsMember({"text", "digest", "json"}));
  result.add_option("--sbom", options.sbom_file, "write an SPDX document of what is in the image")->type_name("FILE");
  result.add_option("--compression", options.compression, "of layers: gzip, zstd or none")
      ->check(CLI::IsMember({"gzip", "zstd", "none"}));
  result.add_option("--compression-level", options.level, "gzip 1-12, zstd 1-22")->check(CLI::Range(1, 22));
  result.add_flag("--no-cache", options.no_cache, "do everything again");
  result.add_flag("--dry-run", options.dry_run, "only say what would be done");
  add_dockerfile_options(app, options.file);
  CLI::Option_group& form = *app.add_option_group("An image of one payload");
  form.add_option("--payload", options.payload, "program; becomes the entry point")->type_name("FILE");
  form.add_option("--arg", options.arguments, "its argument; may be repeated")->take_all()->allow_extra_args(false);
  form.add_option("--copy", options.copies, "file or folder to put into the image; may be repeated")
      ->type_name("SOURCE:/DESTINATION")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  form.add_flag("--closure", options.closure, "with the interpreter and libraries of every program");
  form.add_option("--from", options.from, "image to build upon")->type_name("IMAGE");
  form.add_option("--runenv", options.runenv, "language runtime to build upon")->type_name("LANGUAGE-VERSION");
  form.add_option("--env", options.env, "variable of the environment; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  form.add_option("--label", options.labels, "label; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  form.add_option("--annotation", options.annotations, "annotation of the manifest; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  form.add_option("--user", options.user, "user of the process")->type_name("USER[:GROUP]");
  form.add_option("--workdir", options.working_dir, "working directory of the process")->type_name("DIR");
}

Result<Descriptor> build_image(const Store& store, const BuildOptions& options, const FetchOptions& fetch) {
  TRY(check_form(options));
  if (!options.is_short_form()) return build_file(store, options, fetch);
  TRY_ASSIGN(const PayloadRequest request, payload_request(store, options, fetch));
  return build_payload(store, request);
}

Result<std::vector<std::string>> plan_image(const Store& store, const BuildOptions& options,
                                            const FetchOptions& fetch) {
  TRY(check_form(options));
  if (!options.is_short_form()) {
    // It prints the stages itself.
    TRY(build_file(store, options, fetch));
    return std::vector<std::string>();
  }
  TRY_ASSIGN(const PayloadRequest request, payload_request(store, options, fetch));
  TRY_ASSIGN(std::vector<std::string> steps, plan_payload(request));
  for (std::string& step : steps) step = "copy " + step;
  return steps;
}

}  // namespace kontain::image::cli

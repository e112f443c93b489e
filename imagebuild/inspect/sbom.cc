#include "imagebuild/inspect/sbom.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/version.h"
#include "imagebuild/inspect/tree.h"
#include "imagebuild/oci/json.h"
#include "imagebuild/registry/http.h"

namespace kontain::image {
namespace {

constexpr size_t kLargestDatabase = size_t{64} << 20;
constexpr const char* kNone = "NOASSERTION";

// "Name: value", or "N:value" of apk.
std::pair<std::string_view, std::string_view> field_of(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

std::string url_of(const InstalledPackage& package) {
  const std::string vendor = package.kind == "deb" ? "debian" : "alpine";
  return "pkg:" + package.kind + "/" + vendor + "/" + percent_encode(package.name) + "@" +
         percent_encode(package.version) + "?arch=" + percent_encode(package.architecture);
}

nlohmann::json package_json(const InstalledPackage& package, size_t number) {
  return {{"SPDXID", "SPDXRef-Package-" + std::to_string(number)},
          {"name", package.name},
          {"versionInfo", package.version},
          {"downloadLocation", kNone},
          {"filesAnalyzed", false},
          {"licenseConcluded", kNone},
          {"licenseDeclared", kNone},
          {"copyrightText", kNone},
          {"externalRefs", nlohmann::json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                                                   {"referenceType", "purl"},
                                                   {"referenceLocator", url_of(package)}}})}};
}

nlohmann::json file_json(const std::string& path, const TreeFile& file, size_t number) {
  return {{"SPDXID", "SPDXRef-File-" + std::to_string(number)},
          {"fileName", "./" + path},
          {"checksums",
           {{{"algorithm", "SHA1"}, {"checksumValue", file.sha1}},
            {{"algorithm", "SHA256"}, {"checksumValue", file.sha256.hex()}}}},
          {"licenseConcluded", kNone},
          {"licenseInfoInFiles", {kNone}},
          {"copyrightText", kNone}};
}

// SPDX 2.3, 7.9: SHA-1 of all files' SHA-1, sorted.
std::string verification_code(const FileTree& tree) {
  std::vector<std::string> sums;
  for (const auto& [path, file] : tree) {
    if (!file.sha1.empty()) sums.push_back(file.sha1);
  }
  std::ranges::sort(sums);
  std::string all;
  for (const std::string& sum : sums) all += sum;
  std::array<unsigned char, 20> bytes{};
  EVP_Digest(all.data(), all.size(), bytes.data(), nullptr, EVP_sha1(), nullptr);
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

nlohmann::json relation(const std::string& from, const char* type, const std::string& to) {
  return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

Result<std::vector<InstalledPackage>> packages_of(const Store& store, const Descriptor& image, const FileTree& tree) {
  std::vector<InstalledPackage> packages;
  const struct {
    const char* path;
    std::vector<InstalledPackage> (*read)(std::string_view);
  } kDatabases[] = {{"var/lib/dpkg/status", read_dpkg_status}, {"lib/apk/db/installed", read_apk_installed}};
  for (const auto& database : kDatabases) {
    if (!tree.contains(database.path)) continue;
    TRY_ASSIGN(const auto text, read_file(store, image, database.path, kLargestDatabase));
    if (!text) continue;
    for (InstalledPackage& package : database.read(*text)) packages.push_back(std::move(package));
  }
  return packages;
}

}  // namespace

std::vector<InstalledPackage> read_dpkg_status(std::string_view text) {
  std::vector<InstalledPackage> packages;
  InstalledPackage package{"", "", "", "deb"};
  bool installed = false;
  const auto finish = [&] {
    if (installed && !package.name.empty()) packages.push_back(package);
    package = {"", "", "", "deb"};
    installed = false;
  };
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) finish();
    const auto [name, value] = field_of(line);
    if (name == "Package") package.name = value;
    if (name == "Version") package.version = value;
    if (name == "Architecture") package.architecture = value;
    if (name == "Status") installed = value.ends_with(" installed");
  }
  finish();
  return packages;
}

std::vector<InstalledPackage> read_apk_installed(std::string_view text) {
  std::vector<InstalledPackage> packages;
  InstalledPackage package{"", "", "", "apk"};
  const auto finish = [&] {
    if (!package.name.empty()) packages.push_back(package);
    package = {"", "", "", "apk"};
  };
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) finish();
    const auto [name, value] = field_of(line);
    if (name == "P") package.name = value;
    if (name == "V") package.version = value;
    if (name == "A") package.architecture = value;
  }
  finish();
  return packages;
}

Result<std::string> spdx_document(const Store& store, const Descriptor& image, const std::string& name,
                                  const std::string& created) {
  TRY_ASSIGN(const FileTree tree, read_tree(store, image, Checksums::Both));
  TRY_ASSIGN(const std::vector<InstalledPackage> packages, packages_of(store, image, tree));
  nlohmann::json document = {
      {"spdxVersion", "SPDX-2.3"},
      {"dataLicense", "CC0-1.0"},
      {"SPDXID", "SPDXRef-DOCUMENT"},
      {"name", name.empty() ? image.digest.text() : name},
      {"documentNamespace", "urn:spdx:oci:" + image.digest.text()},
      {"creationInfo", {{"created", created}, {"creators", {std::string("Tool: kontain-build-") + version()}}}}};
  document["packages"].push_back(
      {{"SPDXID", "SPDXRef-Image"},
       {"name", name.empty() ? image.digest.text() : name},
       {"versionInfo", image.digest.text()},
       {"downloadLocation", kNone},
       {"filesAnalyzed", true},
       {"packageVerificationCode", {{"packageVerificationCodeValue", verification_code(tree)}}},
       {"licenseConcluded", kNone},
       {"licenseDeclared", kNone},
       {"licenseInfoFromFiles", {kNone}},
       {"copyrightText", kNone},
       {"primaryPackagePurpose", "CONTAINER"}});
  nlohmann::json relations = nlohmann::json::array({relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image")});
  for (size_t i = 0; i < packages.size(); ++i) {
    document["packages"].push_back(package_json(packages[i], i + 1));
    relations.push_back(relation("SPDXRef-Image", "CONTAINS", "SPDXRef-Package-" + std::to_string(i + 1)));
  }
  size_t number = 0;
  for (const auto& [path, file] : tree) {
    if (file.entry.type != EntryType::File) continue;
    document["files"].push_back(file_json(path, file, ++number));
    relations.push_back(relation("SPDXRef-Image", "CONTAINS", "SPDXRef-File-" + std::to_string(number)));
  }
  document["relationships"] = std::move(relations);
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace kontain::image

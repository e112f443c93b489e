#include "imagebuild/oci/media_type.h"

namespace kontain::image {
namespace {

constexpr MediaType kTable[] = {
    {kMediaManifest, MediaKind::Manifest, Compression::None, kMediaManifest},
    {kMediaDockerManifest, MediaKind::Manifest, Compression::None, kMediaManifest},
    {kMediaIndex, MediaKind::Index, Compression::None, kMediaIndex},
    {kMediaDockerList, MediaKind::Index, Compression::None, kMediaIndex},
    {kMediaConfig, MediaKind::Config, Compression::None, kMediaConfig},
    {kMediaDockerConfig, MediaKind::Config, Compression::None, kMediaConfig},
    {kMediaLayer, MediaKind::Layer, Compression::None, kMediaLayer},
    {kMediaLayerGzip, MediaKind::Layer, Compression::Gzip, kMediaLayerGzip},
    {kMediaLayerZstd, MediaKind::Layer, Compression::Zstd, kMediaLayerZstd},
    {kMediaDockerLayer, MediaKind::Layer, Compression::None, kMediaLayer},
    {kMediaDockerLayerGzip, MediaKind::Layer, Compression::Gzip, kMediaLayerGzip},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", MediaKind::Layer, Compression::None, kMediaLayer},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MediaKind::Layer, Compression::Gzip,
     kMediaLayerGzip},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MediaKind::Layer, Compression::Zstd,
     kMediaLayerZstd},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MediaKind::Layer, Compression::Gzip, kMediaLayerGzip},
};

constexpr MediaType kUnknown{};

}  // namespace

const MediaType& media_type(std::string_view name) {
  for (const MediaType& row : kTable) {
    if (row.name == name) return row;
  }
  return kUnknown;
}

std::string_view layer_media_type(Compression compression) {
  switch (compression) {
    case Compression::None: return kMediaLayer;
    case Compression::Gzip: return kMediaLayerGzip;
    case Compression::Zstd: return kMediaLayerZstd;
  }
  return kMediaLayer;
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::None: return "none";
    case Compression::Gzip: return "gzip";
    case Compression::Zstd: return "zstd";
  }
  return "none";
}

}  // namespace kontain::image

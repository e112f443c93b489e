// Media types of images: one table; image-spec 1.1 media-types.md and Docker's image manifest version 2, schema 2.
#pragma once

#include <string_view>

namespace kontain::image {

inline constexpr std::string_view kMediaManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kMediaIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kMediaConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kMediaEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kMediaLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kMediaLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kMediaLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kMediaDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kMediaDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kMediaDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kMediaDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kMediaDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

enum class Compression { None, Gzip, Zstd };

// What a blob is, whichever family its media type belongs to.
enum class MediaKind { Unknown, Manifest, Index, Config, Layer };

struct MediaType {
  std::string_view name;
  MediaKind kind = MediaKind::Unknown;
  Compression compression = Compression::None;  // of a layer
  std::string_view oci_name;                    // the same thing in OCI's family
};

// The row of `name`; an unknown one has kind Unknown. The non-distributable layer types count as layers.
const MediaType& media_type(std::string_view name);
// OCI's media type of a layer compressed like that.
std::string_view layer_media_type(Compression compression);
// "none", "gzip" or "zstd".
std::string_view compression_name(Compression compression);

}  // namespace kontain::image

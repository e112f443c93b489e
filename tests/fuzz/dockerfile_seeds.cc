// dockerfile_seeds DIRECTORY: a corpus to start fuzz_dockerfile from.
#include <array>
#include <fstream>
#include <string>
#include <string_view>

namespace {

constexpr std::array<std::string_view, 6> kSeeds = {
    "1# escape=`\nARG a=1\nFROM --platform=linux/amd64 base:$a AS b\nRUN <<E cat `\n <<-'F'\nx\nE\n\ty\n\tF\n",
    "1FROM scratch\nCOPY --from=b --chown=1:2 --chmod=755 --link --exclude=*.o a [b-c]* /d/\nADD [\"a b\", \"/\"]\n",
    "1FROM a\nENV a=${b:-c} d=\"${e#*/}\" f='g'\nLABEL \"x y\"=z\nENV k ${a//b/c}\nARG x y=${z%%.*}\n",
    "1FROM a\nHEALTHCHECK --interval=1m5.5s --retries=3 CMD [\"a\"]\nONBUILD COPY <<E /x\n$y\nE\nSHELL [\"sh\"]\n",
    "1FROM a\nEXPOSE 80/tcp\nVOLUME [\"/v\"]\nUSER a:b\nWORKDIR /x\nSTOPSIGNAL 9\nCMD [\"a\", \"\\u0041\"]\nENTRYPOINT "
    "x\n",
    "0# c\n*\n!src/**/[a-z]?.c\n/build/\n",
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (size_t i = 0; i < kSeeds.size(); ++i) {
    std::ofstream(std::string(argv[1]) + "/seed" + std::to_string(i)) << kSeeds[i];
  }
  return 0;
}

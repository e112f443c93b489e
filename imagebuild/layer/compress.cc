#include "imagebuild/layer/compress.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "imagebuild/layer/codec.h"

namespace kontain::image {
namespace {

// Part of the format of our layers: changing it changes every digest.
constexpr size_t kBlock = size_t{1} << 20;
constexpr unsigned kMostThreads = 12;  // bounds memory: each has at most three blocks in flight, in and out

unsigned available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

struct Block {
  std::string in, out;
  bool done = false;
  bool good = false;
};

// Passes everything on.
class NoCompressor final : public Compressor {
 public:
  explicit NoCompressor(Sink& sink) : sink_(sink) {}
  Result<void> write(std::string_view bytes) override { return sink_.write(bytes); }
  Result<void> finish() override { return {}; }

 private:
  Sink& sink_;
};

class BlockCompressor final : public Compressor {
 public:
  BlockCompressor(Sink& sink, const CompressOptions& options, std::unique_ptr<BlockCodec> codec)
      : sink_(sink), options_(options), codec_(std::move(codec)) {
    const unsigned wanted = options.threads ? options.threads : available_processors();
    threads_ = std::clamp(wanted, 1U, kMostThreads);
    current_.reserve(kBlock);
  }

  ~BlockCompressor() override {
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t count = std::min(bytes.size(), kBlock - current_.size());
      current_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      if (current_.size() == kBlock) TRY(submit());
    }
    return {};
  }

  // An empty input still is one member or frame.
  Result<void> finish() override {
    if (!current_.empty() || submitted_ == 0) TRY(submit());
    while (!in_flight_.empty()) TRY(write_oldest());
    return {};
  }

 private:
  Result<void> submit() {
    ++submitted_;
    auto block = take_block();
    std::swap(block->in, current_);
    current_.clear();
    // The first block is compressed here: most layers of one small program need no thread at all.
    if (threads_ == 1 || (submitted_ == 1 && block->in.size() < kBlock)) {
      compress(*codec_, *block);
      return emit(std::move(block));
    }
    start_workers();
    {
      const std::lock_guard guard(mutex_);
      waiting_.push_back(block.get());
    }
    in_flight_.push_back(std::move(block));
    work_.notify_one();
    if (in_flight_.size() >= size_t{2} * threads_) TRY(write_oldest());
    return {};
  }

  Result<void> write_oldest() {
    auto block = std::move(in_flight_.front());
    in_flight_.pop_front();
    {
      std::unique_lock guard(mutex_);
      finished_.wait(guard, [&] { return block->done; });
    }
    return emit(std::move(block));
  }

  Result<void> emit(std::unique_ptr<Block> block) {
    if (!block->good) return fail("compress", compression_name(options_.compression), "out of memory");
    TRY(sink_.write(block->out));
    spare_.push_back(std::move(block));
    return {};
  }

  std::unique_ptr<Block> take_block() {
    if (spare_.empty()) return std::make_unique<Block>();
    auto block = std::move(spare_.back());
    spare_.pop_back();
    block->in.clear();
    block->out.clear();
    block->done = false;
    return block;
  }

  static void compress(BlockCodec& codec, Block& block) { block.good = codec.compress(block.in, block.out); }

  void start_workers() {
    while (workers_.size() < threads_) workers_.emplace_back([this] { work(); });
  }

  void work() {
    const auto codec = make_codec(options_.compression, options_.level);
    std::unique_lock guard(mutex_);
    for (;;) {
      work_.wait(guard, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      Block* block = waiting_.front();
      waiting_.pop_front();
      guard.unlock();
      if (codec) compress(*codec, *block);
      guard.lock();
      block->done = true;
      finished_.notify_all();
    }
  }

  Sink& sink_;
  const CompressOptions options_;
  std::unique_ptr<BlockCodec> codec_;
  unsigned threads_ = 1;
  std::string current_;
  uint64_t submitted_ = 0;
  std::deque<std::unique_ptr<Block>> in_flight_;  // in order
  std::vector<std::unique_ptr<Block>> spare_;
  std::vector<std::thread> workers_;

  std::mutex mutex_;  // of everything below and of Block::done
  std::condition_variable work_, finished_;
  std::deque<Block*> waiting_;
  bool stopping_ = false;
};

}  // namespace

Result<std::unique_ptr<Compressor>> make_compressor(Sink& sink, const CompressOptions& options) {
  if (options.compression == Compression::None) return std::make_unique<NoCompressor>(sink);
  auto codec = make_codec(options.compression, options.level);
  if (!codec) {
    return fail("compress", compression_name(options.compression), "no level " + std::to_string(options.level));
  }
  return std::make_unique<BlockCompressor>(sink, options, std::move(codec));
}

}  // namespace kontain::image

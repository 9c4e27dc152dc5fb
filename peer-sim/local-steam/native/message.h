// What Valve's sockets use of protobuf's C++ interface, in one header: messages with the fields that the
// `.proto` files declare, written and read in protobuf's wire format. `build/messages.rs` writes the classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

// What Valve's headers get from protobuf's without saying so.
#include <algorithm>
#include <cassert>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

// Sizes are asked for as since version 3.4.
#define GOOGLE_PROTOBUF_VERSION 3004000

namespace google {
namespace protobuf {

typedef uint32_t uint32;

template <class T> class RepeatedField : public std::vector<T> {};
// References to elements stay good while more are added.
template <class T> class RepeatedPtrField : public std::deque<T> {};

// The numbers of the fields that a message came with and that are not declared.
class UnknownField {
  public:
    explicit UnknownField(int number) : number_(number) {}
    int number() const { return number_; }

  private:
    int number_;
};
class UnknownFieldSet {
  public:
    int field_count() const { return static_cast<int>(fields_.size()); }
    const UnknownField &field(int index) const { return fields_[static_cast<size_t>(index)]; }
    void Add(int number) { fields_.emplace_back(number); }
    void Clear() { fields_.clear(); }

  private:
    std::vector<UnknownField> fields_;
};

class MessageLite {
  public:
    virtual ~MessageLite() {}
    virtual size_t ByteSizeLong() const = 0;
    virtual uint8_t *SerializeWithCachedSizesToArray(uint8_t *to) const = 0;
    virtual bool MergeFromBytes(const uint8_t *from, size_t size) = 0;
    virtual void Clear() = 0;
    virtual std::string DebugString() const = 0;

    std::string ShortDebugString() const { return DebugString(); }
    bool ParseFromArray(const void *from, int size) {
        Clear();
        return size >= 0 && MergeFromBytes(static_cast<const uint8_t *>(from), static_cast<size_t>(size));
    }
    bool ParseFromString(const std::string &from) {
        Clear();
        return MergeFromBytes(reinterpret_cast<const uint8_t *>(from.data()), from.size());
    }
    bool SerializeToString(std::string *to) const {
        to->resize(ByteSizeLong());
        if (!to->empty()) SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t *>(&(*to)[0]));
        return true;
    }
    std::string SerializeAsString() const {
        std::string bytes;
        SerializeToString(&bytes);
        return bytes;
    }
    const UnknownFieldSet &unknown_fields() const { return unknown_; }

  protected:
    UnknownFieldSet unknown_;
};

namespace wire {

enum Type { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Reads from a message that anyone may have sent.
struct Reader {
    const uint8_t *at, *end;

    size_t Left() const { return static_cast<size_t>(end - at); }
    bool Varint(uint64_t &value) {
        value = 0;
        for (int shift = 0; shift < 64 && at != end; shift += 7) {
            uint8_t byte = *at++;
            value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if (!(byte & 0x80)) return true;
        }
        return false;
    }
    bool Bytes(Reader &bytes) {
        uint64_t size;
        if (!Varint(size) || size > Left()) return false;
        bytes = Reader{at, at + size};
        at += size;
        return true;
    }
    bool Skip(int type) {
        uint64_t varint;
        Reader bytes;
        switch (type) {
        case kVarint: return Varint(varint);
        case kBytes: return Bytes(bytes);
        case kFixed32: return Advance(4);
        case kFixed64: return Advance(8);
        default: return false;
        }
    }

  private:
    bool Advance(size_t size) {
        if (size > Left()) return false;
        at += size;
        return true;
    }
};

inline size_t VarintSize(uint64_t value) {
    size_t size = 1;
    for (; value >= 0x80; value >>= 7) ++size;
    return size;
}
inline uint8_t *WriteVarint(uint64_t value, uint8_t *to) {
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<uint8_t>(value | 0x80);
    *to++ = static_cast<uint8_t>(value);
    return to;
}

// How the values of a field are written. `Read` has two failures: false, the message is broken; and `known` false,
// the value is none of the declared ones.
template <class T> struct Varint {
    typedef T Value;
    static const int type = kVarint;
    static size_t Size(T value) { return VarintSize(static_cast<uint64_t>(value)); }
    static uint8_t *Write(T value, uint8_t *to) { return WriteVarint(static_cast<uint64_t>(value), to); }
    static bool Read(Reader &from, T &value, bool &) {
        uint64_t number;
        if (!from.Varint(number)) return false;
        value = static_cast<T>(number);
        return true;
    }
    static std::string Print(T value) { return std::to_string(static_cast<uint64_t>(value)); }
};
template <class T, bool (*IsValid)(int)> struct Enum : Varint<T> {
    static bool Read(Reader &from, T &value, bool &known) {
        uint64_t number;
        if (!from.Varint(number)) return false;
        known = IsValid(static_cast<int>(number));
        if (known) value = static_cast<T>(number);
        return true;
    }
};
template <class T> struct Fixed {
    typedef T Value;
    static const int type = sizeof(T) == 8 ? kFixed64 : kFixed32;
    static size_t Size(T) { return sizeof(T); }
    static uint8_t *Write(T value, uint8_t *to) {
        for (size_t byte = 0; byte != sizeof(T); ++byte) *to++ = static_cast<uint8_t>(value >> (8 * byte));
        return to;
    }
    static bool Read(Reader &from, T &value, bool &) {
        if (from.Left() < sizeof(T)) return false;
        value = 0;
        for (size_t byte = 0; byte != sizeof(T); ++byte) value |= static_cast<T>(*from.at++) << (8 * byte);
        return true;
    }
    static std::string Print(T value) { return std::to_string(value); }
};
struct Bytes {
    typedef std::string Value;
    static const int type = kBytes;
    static size_t Size(const Value &value) { return VarintSize(value.size()) + value.size(); }
    static uint8_t *Write(const Value &value, uint8_t *to) {
        to = WriteVarint(value.size(), to);
        if (!value.empty()) memcpy(to, value.data(), value.size());
        return to + value.size();
    }
    static bool Read(Reader &from, Value &value, bool &) {
        Reader bytes;
        if (!from.Bytes(bytes)) return false;
        value.assign(reinterpret_cast<const char *>(bytes.at), bytes.Left());
        return true;
    }
    static std::string Print(const Value &value) { return "(" + std::to_string(value.size()) + " bytes)"; }
};
struct Text : Bytes {
    static std::string Print(const Value &value) { return "\"" + value + "\""; }
};
template <class T> struct Message {
    typedef T Value;
    static const int type = kBytes;
    static size_t Size(const T &value) {
        size_t size = value.ByteSizeLong();
        return VarintSize(size) + size;
    }
    static uint8_t *Write(const T &value, uint8_t *to) {
        return value.SerializeWithCachedSizesToArray(WriteVarint(value.ByteSizeLong(), to));
    }
    static bool Read(Reader &from, T &value, bool &) {
        Reader bytes;
        return from.Bytes(bytes) && value.MergeFromBytes(bytes.at, bytes.Left());
    }
    static std::string Print(const T &value) { return "{ " + value.DebugString() + "}"; }
};

template <class K> struct Optional {
    typename K::Value value = typename K::Value();
    bool is_there = false;

    typename K::Value *Make() {
        is_there = true;
        return &value;
    }
    void Clear() {
        value = typename K::Value();
        is_there = false;
    }
};
template <class K, class List> struct Repeated {
    List values;

    typename K::Value *Add(typename K::Value value = typename K::Value()) {
        values.push_back(std::move(value));
        return &values.back();
    }
};

inline uint64_t Tag(int number, int type) { return static_cast<uint64_t>(number) << 3 | static_cast<uint64_t>(type); }

// What is done with every field of a message in turn.
struct Sizer {
    size_t size;
    template <class K> void operator()(int number, const char *, const Optional<K> &field) {
        if (field.is_there) Count<K>(number, field.value);
    }
    template <class K, class L> void operator()(int number, const char *, const Repeated<K, L> &field) {
        for (const auto &value : field.values) Count<K>(number, value);
    }
    template <class K> void Count(int number, const typename K::Value &value) {
        size += VarintSize(Tag(number, K::type)) + K::Size(value);
    }
};
struct Writer {
    uint8_t *to;
    template <class K> void operator()(int number, const char *, const Optional<K> &field) {
        if (field.is_there) Put<K>(number, field.value);
    }
    template <class K, class L> void operator()(int number, const char *, const Repeated<K, L> &field) {
        for (const auto &value : field.values) Put<K>(number, value);
    }
    template <class K> void Put(int number, const typename K::Value &value) {
        to = K::Write(value, WriteVarint(Tag(number, K::type), to));
    }
};
struct Printer {
    std::string text;
    template <class K> void operator()(int, const char *name, const Optional<K> &field) {
        if (field.is_there) text += std::string(name) + ": " + K::Print(field.value) + " ";
    }
    template <class K, class L> void operator()(int, const char *name, const Repeated<K, L> &field) {
        for (const auto &value : field.values) text += std::string(name) + ": " + K::Print(value) + " ";
    }
};
struct Eraser {
    template <class K> void operator()(int, const char *, Optional<K> &field) { field.Clear(); }
    template <class K, class L> void operator()(int, const char *, Repeated<K, L> &field) { field.values.clear(); }
};
// Reads one field: the one that has the number, if any has.
struct Parser {
    Reader &from;
    int number, type;
    bool is_known, is_whole;

    template <class K> void operator()(int candidate, const char *, Optional<K> &field) {
        if (candidate != number || type != K::type) return;
        is_known = true;
        typename K::Value *value = &field.value;
        is_whole = K::Read(from, *value, is_known);
        field.is_there = field.is_there || (is_whole && is_known);
    }
    template <class K, class L> void operator()(int candidate, const char *, Repeated<K, L> &field) {
        if (candidate != number) return;
        if (type == K::type) {
            is_known = true;
            is_whole = One(field, from);
        } else if (type == kBytes) {
            // Several values in one field.
            Reader packed;
            is_known = true;
            is_whole = from.Bytes(packed);
            while (is_whole && packed.Left() != 0) is_whole = One(field, packed);
        }
    }
    template <class K, class L> bool One(Repeated<K, L> &field, Reader &source) {
        typename K::Value value = typename K::Value();
        bool is_valid = true;
        if (!K::Read(source, value, is_valid)) return false;
        if (is_valid) field.Add(std::move(value));
        return true;
    }
};

// A message type, whose `Visit` names its fields in the order of their numbers.
template <class M> class Base : public MessageLite {
  public:
    size_t ByteSizeLong() const override {
        Sizer sizer{0};
        M::Visit(static_cast<const M &>(*this), sizer);
        return sizer.size;
    }
    uint8_t *SerializeWithCachedSizesToArray(uint8_t *to) const override {
        Writer writer{to};
        M::Visit(static_cast<const M &>(*this), writer);
        return writer.to;
    }
    std::string DebugString() const override {
        Printer printer;
        M::Visit(static_cast<const M &>(*this), printer);
        return printer.text;
    }
    void Clear() override {
        Eraser eraser;
        M::Visit(static_cast<M &>(*this), eraser);
        unknown_.Clear();
    }
    bool MergeFromBytes(const uint8_t *from, size_t size) override {
        Reader reader{from, from + size};
        while (reader.Left() != 0) {
            uint64_t tag;
            if (!reader.Varint(tag) || tag >> 3 == 0 || tag >> 32 != 0) return false;
            Parser parser{reader, static_cast<int>(tag >> 3), static_cast<int>(tag & 7), false, true};
            const uint8_t *before = reader.at;
            M::Visit(static_cast<M &>(*this), parser);
            if (!parser.is_whole) return false;
            if (!parser.is_known) {
                unknown_.Add(parser.number);
                if (reader.at == before && !reader.Skip(parser.type)) return false;
            }
        }
        return true;
    }
};

} // namespace wire
} // namespace protobuf
} // namespace google

// A field and what protobuf calls its accessors.
#define MESSAGE_OPTIONAL(name, ...)                                                                                    \
    google::protobuf::wire::Optional<__VA_ARGS__> name##_;                                                             \
    bool has_##name() const { return name##_.is_there; }                                                               \
    void clear_##name() { name##_.Clear(); }                                                                           \
    const __VA_ARGS__::Value &name() const { return name##_.value; }
#define MESSAGE_SCALAR(name, ...)                                                                                      \
    MESSAGE_OPTIONAL(name, __VA_ARGS__)                                                                                \
    void set_##name(__VA_ARGS__::Value value) { *name##_.Make() = value; }
#define MESSAGE_STRING(name, ...)                                                                                      \
    MESSAGE_OPTIONAL(name, __VA_ARGS__)                                                                                \
    std::string *mutable_##name() { return name##_.Make(); }                                                           \
    void set_##name(std::string value) { *name##_.Make() = std::move(value); }                                         \
    void set_##name(const char *value) { *name##_.Make() = value; }                                                    \
    void set_##name(const void *value, size_t size) { name##_.Make()->assign(static_cast<const char *>(value), size); }
#define MESSAGE_NESTED(name, ...)                                                                                      \
    MESSAGE_OPTIONAL(name, __VA_ARGS__)                                                                                \
    __VA_ARGS__::Value *mutable_##name() { return name##_.Make(); }
#define MESSAGE_REPEATED(list, name, ...)                                                                              \
    google::protobuf::wire::Repeated<__VA_ARGS__, google::protobuf::list<__VA_ARGS__::Value>> name##_;                 \
    int name##_size() const { return static_cast<int>(name##_.values.size()); }                                        \
    void clear_##name() { name##_.values.clear(); }                                                                    \
    const __VA_ARGS__::Value &name(int index) const { return name##_.values[static_cast<size_t>(index)]; }             \
    const google::protobuf::list<__VA_ARGS__::Value> &name() const { return name##_.values; }
#define MESSAGE_REPEATED_SCALAR(name, ...)                                                                             \
    MESSAGE_REPEATED(RepeatedField, name, __VA_ARGS__)                                                                 \
    void add_##name(__VA_ARGS__::Value value) { name##_.Add(value); }
#define MESSAGE_REPEATED_STRING(name, ...)                                                                             \
    MESSAGE_REPEATED(RepeatedPtrField, name, __VA_ARGS__)                                                              \
    void add_##name(std::string value) { name##_.Add(std::move(value)); }
#define MESSAGE_REPEATED_NESTED(name, ...)                                                                             \
    MESSAGE_REPEATED(RepeatedPtrField, name, __VA_ARGS__)                                                              \
    __VA_ARGS__::Value *add_##name() { return name##_.Add(); }

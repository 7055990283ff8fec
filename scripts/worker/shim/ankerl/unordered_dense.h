// The part of ankerl::unordered_dense that mediasoup-worker uses, on top of Abseil's hash maps. No distribution has it.
#pragma once
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>
#include <cstddef>
#include <cstdint>

namespace ankerl::unordered_dense
{
	template<typename T>
	struct hash
	{
		uint64_t operator()(const T& value) const noexcept
		{
			return absl::Hash<T>{}(value);
		}
	};

	// Abseil's erase(iterator) returns nothing. The worker's loops go on from the iterator that ankerl's returns.
	template<typename Container>
	struct EraseReturnsNext : Container
	{
		using Container::Container;

		typename Container::iterator erase(typename Container::iterator it)
		{
			Container::erase(it++);

			return it;
		}

		size_t erase(const typename Container::key_type& key)
		{
			return Container::erase(key);
		}
	};

	// Left out, the hash and the equality are Abseil's choice, which like ankerl's finds a std::string by a view of it.
	template<typename Key, typename Value, typename... HashAndEqual>
	using map = EraseReturnsNext<absl::flat_hash_map<Key, Value, HashAndEqual...>>;

	template<typename Key, typename... HashAndEqual>
	using set = EraseReturnsNext<absl::flat_hash_set<Key, HashAndEqual...>>;
} // namespace ankerl::unordered_dense

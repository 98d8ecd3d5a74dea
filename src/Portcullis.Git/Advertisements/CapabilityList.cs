using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>The capabilities of protocol v0 and v1: words <c>name</c> or <c>name=value</c> between single spaces, in their order (gitprotocol-capabilities).</summary>
public sealed class CapabilityList : IEquatable<CapabilityList>
{
    private readonly ImmutableArray<string> _items;

    private CapabilityList(ImmutableArray<string> items) => _items = items;

    /// <summary>No capabilities.</summary>
    public static CapabilityList Empty { get; } = new([]);

    /// <summary>The words, in order.</summary>
    public ImmutableArray<string> Items => _items;

    /// <summary>Makes a list from words.</summary>
    /// <param name="items">Words without spaces and controls.</param>
    /// <returns>The list.</returns>
    /// <exception cref="ArgumentException">A word is empty or holds a space or a control character.</exception>
    public static CapabilityList Of(params ReadOnlySpan<string> items)
    {
        foreach (var item in items)
        {
            ThrowIfNotAWord(item);
        }

        return new([.. items]);
    }

    /// <summary>
    /// Reads the text behind the NUL of a first line, or behind the id of a first <c>want</c>. A newline at the end must be gone already. Git finds a capability between
    /// any white space (<c>parse_feature_value</c> in connect.c), so white space other than spaces is refused: nobody sends it, and it could hide one.
    /// </summary>
    /// <param name="utf8">The text.</param>
    /// <returns>The list.</returns>
    /// <exception cref="PktLineException">The text holds control characters or isn't UTF-8.</exception>
    public static CapabilityList Parse(ReadOnlySpan<byte> utf8)
    {
        if (utf8.ContainsAnyInRange((byte)0, (byte)0x1f) || utf8.Contains((byte)0x7f) || !Utf8.IsValid(utf8))
        {
            throw PktLineException.Unexpected("The capabilities hold control characters.");
        }

        var items = ImmutableArray.CreateBuilder<string>();
        foreach (var range in utf8.Split((byte)' '))
        {
            if (!utf8[range].IsEmpty)
            {
                items.Add(Encoding.UTF8.GetString(utf8[range]));
            }
        }

        return new(items.ToImmutable());
    }

    /// <summary>Whether the capability is there, with or without a value.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether it is there.</returns>
    public bool Contains(string name)
    {
        foreach (var item in _items)
        {
            if (IsNamed(item, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gets the value of the first capability of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">What stands behind <c>=</c>; empty when there is none.</param>
    /// <returns>Whether the capability is there.</returns>
    public bool TryGetValue(string name, [NotNullWhen(true)] out string? value)
    {
        foreach (var item in _items)
        {
            if (IsNamed(item, name))
            {
                value = item.Length > name.Length ? item[(name.Length + 1)..] : "";
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The list without the capabilities of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>A new list, or this one when nothing changes.</returns>
    public CapabilityList Without(string name) => Contains(name) ? new([.. _items.Where(item => !IsNamed(item, name))]) : this;

    /// <summary>The list with one more word at the end.</summary>
    /// <param name="item"><c>name</c> or <c>name=value</c>.</param>
    /// <returns>A new list.</returns>
    /// <exception cref="ArgumentException">The word is empty or holds a space or a control character.</exception>
    public CapabilityList With(string item)
    {
        ThrowIfNotAWord(item);
        return new(_items.Add(item));
    }

    /// <summary>The object format that a peer chose; SHA-1 when it names none.</summary>
    /// <returns>The format.</returns>
    /// <exception cref="PktLineException">It names one that doesn't exist.</exception>
    public ObjectFormat ObjectFormat()
    {
        if (!TryGetValue("object-format", out var name))
        {
            return Git.ObjectFormat.Sha1;
        }

        return ObjectFormats.TryParseName(name, out var format) ? format : throw PktLineException.Unexpected("The object format is unknown.");
    }

    /// <inheritdoc/>
    public bool Equals(CapabilityList? other) => other is not null && _items.AsSpan().SequenceEqual(other._items.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CapabilityList);

    /// <inheritdoc/>
    public override int GetHashCode() => _items.Length == 0 ? 0 : HashCode.Combine(_items.Length, _items[0]);

    /// <summary>The words with single spaces between them.</summary>
    /// <returns>The text, without a space in front.</returns>
    public override string ToString() => string.Join(' ', _items);

    private static bool IsNamed(string item, string name) =>
        item.StartsWith(name, StringComparison.Ordinal) && (item.Length == name.Length || item[name.Length] == '=');

    private static void ThrowIfNotAWord(string item)
    {
        if (item.Length == 0 || item.Any(c => c is <= ' ' or (char)0x7f))
        {
            throw new ArgumentException("A capability is a word without spaces and controls.", nameof(item));
        }
    }
}

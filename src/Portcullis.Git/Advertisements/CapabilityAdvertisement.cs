using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>The capabilities of protocol v2: a line each, <c>key</c> or <c>key=value</c> (gitprotocol-v2).</summary>
public sealed class CapabilityAdvertisement
{
    private const string Version = "version 2";

    private readonly ImmutableArray<string> _lines;

    private CapabilityAdvertisement(ImmutableArray<string> lines) => _lines = lines;

    /// <summary>The lines behind <c>version 2</c>, in order.</summary>
    public ImmutableArray<string> Lines => _lines;

    /// <summary>The repository's object format; SHA-1 where none is named.</summary>
    /// <exception cref="PktLineException">One is named that doesn't exist.</exception>
    public ObjectFormat ObjectFormat =>
        _lines.FirstOrDefault(static line => line.StartsWith("object-format=", StringComparison.Ordinal)) is not { } line ? Git.ObjectFormat.Sha1
        : ObjectFormats.TryParseName(line["object-format=".Length..], out var format) ? format
        : throw PktLineException.Unexpected("The object format is unknown.");

    /// <summary>Makes an advertisement.</summary>
    /// <param name="lines">The capabilities, each <c>key</c> or <c>key=value</c>.</param>
    /// <returns>The advertisement.</returns>
    public static CapabilityAdvertisement Of(params ReadOnlySpan<string> lines) => new([.. lines]);

    /// <summary>Reads what git prints, or an answer to <c>info/refs</c> with the <c># service</c> line that some servers put in front.</summary>
    /// <param name="advertisement">The whole advertisement.</param>
    /// <returns>The capabilities.</returns>
    /// <exception cref="PktLineException">It is something else.</exception>
    public static CapabilityAdvertisement Parse(ReadOnlySpan<byte> advertisement)
    {
        var hasLine = TryReadLine(ref advertisement, out var line);
        if (hasLine && line.StartsWith("# service=", StringComparison.Ordinal))
        {
            hasLine = !TryReadLine(ref advertisement, out _) && TryReadLine(ref advertisement, out line);
        }

        if (!hasLine || line != Version)
        {
            throw Unexpected();
        }

        var lines = ImmutableArray.CreateBuilder<string>();
        while (TryReadLine(ref advertisement, out line))
        {
            lines.Add(line.Length > 0 ? line : throw Unexpected());
        }

        return advertisement.IsEmpty ? new(lines.DrainToImmutable()) : throw Unexpected();
    }

    /// <summary>Gets the value of a capability.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">What stands behind <c>=</c>; empty when there is none.</param>
    /// <returns>Whether the capability is there.</returns>
    public bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
    {
        foreach (var line in _lines)
        {
            if (IsKey(line, key))
            {
                value = line.Length == key.Length ? "" : line[(key.Length + 1)..];
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The advertisement with another value of a capability, in its place; at the end when the capability is new.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value; null for none.</param>
    /// <returns>A new advertisement.</returns>
    public CapabilityAdvertisement With(string key, string? value)
    {
        var changed = value is null ? key : $"{key}={value}";
        return TryGetValue(key, out _) ? new([.. _lines.Select(line => IsKey(line, key) ? changed : line)]) : new(_lines.Add(changed));
    }

    /// <summary>The advertisement without a capability.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>A new one, or this when nothing changes.</returns>
    public CapabilityAdvertisement Without(string key) => new([.. _lines.Where(line => !IsKey(line, key))]);

    /// <summary>The advertisement with a word less in a capability's value.</summary>
    /// <param name="key">The capability's key.</param>
    /// <param name="word">The word.</param>
    /// <returns>A new one.</returns>
    public CapabilityAdvertisement WithoutValue(string key, string word) =>
        TryGetValue(key, out var value) && string.Join(' ', value.Split(' ').Where(other => other != word)) is var rest && rest != value
            ? With(key, rest.Length == 0 ? null : rest)
            : this;

    /// <summary>Writes the advertisement, flush included.</summary>
    /// <param name="output">Where to.</param>
    public void WriteTo(IBufferWriter<byte> output)
    {
        output.WriteText(Version);
        foreach (var line in _lines)
        {
            output.WriteText(line);
        }

        output.WriteFlush();
    }

    private static bool TryReadLine(ref ReadOnlySpan<byte> advertisement, out string line)
    {
        if (!PktLineReader.TryRead(ref advertisement, out var kind, out var payload))
        {
            throw PktLineException.CutShort();
        }

        line = Encoding.UTF8.GetString(PktLineText.Of(payload));
        return kind switch
        {
            PktLineKind.Data => true,
            PktLineKind.Flush => false,
            _ => throw Unexpected(),
        };
    }

    private static PktLineException Unexpected() => PktLineException.Unexpected("This is no advertisement of protocol version 2.");

    private static bool IsKey(string line, string key) =>
        line.StartsWith(key, StringComparison.Ordinal) && (line.Length == key.Length || line[key.Length] == '=');
}

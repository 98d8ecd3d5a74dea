using System.Buffers;
using System.Collections.Immutable;
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

    /// <summary>Reads what git prints.</summary>
    /// <param name="advertisement">The whole advertisement.</param>
    /// <returns>The capabilities.</returns>
    /// <exception cref="PktLineException">It is something else.</exception>
    public static CapabilityAdvertisement Parse(ReadOnlySpan<byte> advertisement)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        while (true)
        {
            if (!PktLineReader.TryRead(ref advertisement, out var kind, out var payload))
            {
                throw PktLineException.CutShort();
            }

            if (kind == PktLineKind.Flush)
            {
                break;
            }

            if (kind != PktLineKind.Data)
            {
                throw PktLineException.Unexpected("A capability advertisement is lines and a flush.");
            }

            lines.Add(Encoding.UTF8.GetString(payload.EndsWith((byte)'\n') ? payload[..^1] : payload));
        }

        return lines.Count > 0 && lines[0] == Version
            ? new CapabilityAdvertisement([.. lines.Skip(1)])
            : throw PktLineException.Unexpected("This is no advertisement of protocol version 2.");
    }

    /// <summary>The advertisement without a capability.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>A new one, or this when nothing changes.</returns>
    public CapabilityAdvertisement Without(string key) => new([.. _lines.Where(line => !IsKey(line, key))]);

    /// <summary>The advertisement with a word less in a capability's value.</summary>
    /// <param name="key">The capability's key.</param>
    /// <param name="word">The word.</param>
    /// <returns>A new one.</returns>
    public CapabilityAdvertisement WithoutValue(string key, string word) => new(
    [
        .. _lines.Select(line => IsKey(line, key) && line.Length > key.Length
            ? $"{key}={string.Join(' ', line[(key.Length + 1)..].Split(' ').Where(value => value != word))}"
            : line),
    ]);

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

    private static bool IsKey(string line, string key) =>
        line.StartsWith(key, StringComparison.Ordinal) && (line.Length == key.Length || line[key.Length] == '=');
}

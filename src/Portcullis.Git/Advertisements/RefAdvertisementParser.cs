using System.Collections.Immutable;
using System.Text;

namespace Portcullis.Git.Advertisements;

/// <summary>Follows <c>get_remote_heads</c> in connect.c.</summary>
internal sealed class RefAdvertisementParser
{
    private readonly ImmutableArray<RefSnapshotEntry>.Builder _refs = ImmutableArray.CreateBuilder<RefSnapshotEntry>();
    private readonly ImmutableArray<ObjectId>.Builder _shallow = ImmutableArray.CreateBuilder<ObjectId>();
    private readonly ImmutableArray<ObjectId>.Builder _haves = ImmutableArray.CreateBuilder<ObjectId>();
    private CapabilityList _capabilities = CapabilityList.Empty;
    private ObjectFormat _format;
    private bool _isEmpty;

    public RefAdvertisement Parse(ReadOnlyMemory<byte> answer)
    {
        var reader = new RefLineReader(answer);
        var hasLine = reader.TryReadSection(out var line);
        if (hasLine && line.Span.StartsWith("# service="u8))
        {
            hasLine = reader.TryReadSection(out _) ? throw RefSnapshotParser.Unexpected() : reader.TryReadSection(out line);
        }

        if (hasLine && line.Span.SequenceEqual("version 1"u8))
        {
            hasLine = reader.TryReadSection(out line);
        }

        if (hasLine)
        {
            var nul = line.Span.IndexOf((byte)0);
            if (nul >= 0)
            {
                _capabilities = CapabilityList.Parse(line.Span[(nul + 1)..]);
                _format = _capabilities.ObjectFormat();
                line = line[..nul];
            }

            do
            {
                AddLine(line);
            }
            while (reader.TryReadSection(out line));
        }

        reader.RequireEnd();
        return new(RefSnapshotParser.Ordered(_refs, _format, _haves.DrainToImmutable(), _shallow.DrainToImmutable()), _capabilities);
    }

    private void AddLine(ReadOnlyMemory<byte> line)
    {
        if (line.Span.StartsWith("shallow "u8))
        {
            _shallow.Add(ObjectId.TryParse(line.Span["shallow ".Length..], out var cut) && cut.Format == _format ? cut : throw RefSnapshotParser.Unexpected());
            return;
        }

        if (_shallow.Count > 0 || _isEmpty)
        {
            throw RefSnapshotParser.Unexpected();
        }

        var id = RefSnapshotParser.TakeId(ref line, _format);
        var name = line.Span;
        if (name.SequenceEqual(".have"u8))
        {
            _haves.Add(id);
        }
        else if (name.SequenceEqual("capabilities^{}"u8))
        {
            _isEmpty = _refs.Count == 0 && _haves.Count == 0 && id.IsZero ? true : throw RefSnapshotParser.Unexpected();
        }
        else if (name.EndsWith("^{}"u8))
        {
            if (_refs.Count == 0 || _refs[^1].Peeled is not null || !name[..^3].SequenceEqual(_refs[^1].NameBytes.Span))
            {
                throw RefSnapshotParser.Unexpected();
            }

            _refs[^1] = new(_refs[^1].NameBytes, _refs[^1].Id, id, _refs[^1].SymrefTarget);
        }
        else
        {
            _refs.Add(new(IsName(name) ? line : throw RefSnapshotParser.Unexpected(), id, null, TargetOf(name)));
        }
    }

    // What would break a line that it is written into.
    private static bool IsName(ReadOnlySpan<byte> name) => !name.ContainsAny((byte)0, (byte)'\n', (byte)' ');

    private string? TargetOf(ReadOnlySpan<byte> name)
    {
        if (!_capabilities.Contains("symref"))
        {
            return null;
        }

        var prefix = $"symref={Encoding.UTF8.GetString(name)}:";
        var item = _capabilities.Items.FirstOrDefault(item => item.StartsWith(prefix, StringComparison.Ordinal));
        return item?[prefix.Length..];
    }
}

using System.Collections.Immutable;
using System.Text;

namespace Portcullis.Git.Advertisements;

/// <summary>Follows <c>get_remote_heads</c> in connect.c.</summary>
internal sealed class RefAdvertisementParser
{
    private readonly List<(ReadOnlyMemory<byte> Name, ObjectId Id, ObjectId? Peeled)> _refs = [];
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
        var builder = new RefSnapshotBuilder(_format, answer.Length);
        foreach (var (name, id, peeled) in _refs)
        {
            builder.Add(name.Span, id, peeled, TargetOf(name.Span));
        }

        return new(builder.Build(_haves.DrainToImmutable(), _shallow.DrainToImmutable()), _capabilities);
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

        var name = line.Span;
        var id = RefSnapshotParser.TakeId(ref name, _format);
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
            if (_refs.Count == 0 || _refs[^1].Peeled is not null || !name[..^3].SequenceEqual(_refs[^1].Name.Span))
            {
                throw RefSnapshotParser.Unexpected();
            }

            _refs[^1] = _refs[^1] with { Peeled = id };
        }
        else
        {
            _refs.Add((line[^name.Length..], id, null));
        }
    }

    private ReadOnlySpan<byte> TargetOf(ReadOnlySpan<byte> name)
    {
        if (!_capabilities.Contains("symref"))
        {
            return default;
        }

        var prefix = $"symref={Encoding.UTF8.GetString(name)}:";
        var item = _capabilities.Items.FirstOrDefault(item => item.StartsWith(prefix, StringComparison.Ordinal));
        return item is null ? default : Encoding.UTF8.GetBytes(item[prefix.Length..]);
    }
}

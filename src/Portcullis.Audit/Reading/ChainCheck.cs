using System.Globalization;
using System.Text;
using Portcullis.Audit.Files;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Reading;

/// <summary>
/// Follows one node's chain through its files. After a problem it goes on from what the line states, so that one change is
/// reported once, where it is, and a second one is still found.
/// </summary>
internal sealed class ChainCheck(
    string directory, string node, AuditKeySet keys, AuditVerificationOptions options, ProblemList problems, IReadOnlyList<HeadCheck> heads)
{
    private readonly byte[] _previous = LineHash.Zero.ToArray();
    private readonly HashSet<HeadCheck> _met = [];
    private readonly bool _isOpen = NodeLock.IsTaken(directory, node);
    private bool _isLinked = true;
    private bool _hasLines;
    private long _count;
    private long _lines;
    private int _files;
    private int _lastNumber;
    private string _file = "";
    private bool _hasRest;
    private long _checkpoints;
    private DateTimeOffset? _lastCheckpoint;
    private long _uncovered;

    public async Task ReadAsync(LogFileName name, CancellationToken cancellationToken)
    {
        ReportRest();
        _file = name.FileName;
        _files++;
        if (name.Number != _lastNumber + 1 && (_lastNumber != 0 || !options.AllowMissingStart))
        {
            problems.Add(AuditProblemKind.MissingFile, _file, 0, string.Create(
                CultureInfo.InvariantCulture, $"file number {_lastNumber + 1} was expected here, this is number {name.Number}."));
        }

        _lastNumber = name.Number;
        var stream = new FileStream(
            Path.Combine(directory, _file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        await using var reader = new LineReader(stream, LineLimits.LineBytes);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            Check(reader);
        }

        if (reader.Number == 0)
        {
            problems.Add(AuditProblemKind.NoCheckpoint, _file, 0, "the file is empty.");
        }

        _hasRest = reader.HasRest;
    }

    public AuditNodeSummary Finish()
    {
        if (!_isOpen)
        {
            ReportRest();
        }

        foreach (var head in heads)
        {
            CheckHead(head);
        }

        if (_hasLines && !heads.Any(head => head.Name == node + HeadFile.Extension))
        {
            problems.Add(AuditProblemKind.MissingHead, node + HeadFile.Extension, 0, "the head file is missing: whether the log's end was cut off can't be told.");
        }

        return new AuditNodeSummary(node, _files, _lines, _checkpoints, _lastCheckpoint, _uncovered, _isOpen);
    }

    private void ReportRest()
    {
        if (_hasRest)
        {
            problems.Add(AuditProblemKind.IncompleteLine, _file, 0, "the file ends in the middle of a line.");
            _hasRest = false;
        }
    }

    private void Check(LineReader reader)
    {
        _lines++;
        _uncovered++;
        var line = reader.Line.Span;
        if (reader.IsTooLong || !LineHash.TrySplit(line, out var hashed, out var hash)
            || !LineHash.TryGetPrevious(hashed, out var previous) || !LineMembers.TryRead(line, out var members))
        {
            Add(AuditProblemKind.Malformed, reader, "this is not a line of an audit log.");
            _isLinked = false;
            _count++;
            return;
        }

        if (!LineHash.Matches(hashed, hash))
        {
            Add(AuditProblemKind.Edited, reader, "the line was changed: its content doesn't match its hash.");
        }

        var isCheckpoint = members is { Event: AuditEvents.Checkpoint, Count: >= 0 };
        CheckLink(reader, previous, isCheckpoint ? members.Count : null);
        if (members.Node != node)
        {
            Add(AuditProblemKind.WrongNode, reader, "the line belongs to another node.");
        }

        if (isCheckpoint)
        {
            CheckSignature(reader, hashed, members);
        }
        else if (reader.Number == 1)
        {
            Add(AuditProblemKind.NoCheckpoint, reader, "the file doesn't begin with a checkpoint.");
        }

        hash.CopyTo(_previous);
        _isLinked = _hasLines = true;
        _count++;
        Meet();
    }

    private void CheckLink(LineReader reader, ReadOnlySpan<byte> previous, long? counted)
    {
        if (!_hasLines && counted > 0)
        {
            // The chain goes on from files that are not here: their last hash is taken from the signed checkpoint.
            if (!options.AllowMissingStart)
            {
                Add(AuditProblemKind.MissingStart, reader, string.Create(CultureInfo.InvariantCulture, $"the {counted} lines before this one are missing."));
            }

            _count = counted.Value;
            return;
        }

        if (_isLinked && !previous.SequenceEqual(_previous))
        {
            Add(AuditProblemKind.BrokenLink, reader, "the line doesn't follow the one before it: a line was removed, inserted or moved.");
        }

        if (counted is { } count && count != _count)
        {
            Add(AuditProblemKind.WrongCount, reader, string.Create(
                CultureInfo.InvariantCulture, $"the checkpoint counts {count} lines before it, there are {_count}."));
            _count = count;
        }
    }

    private void CheckSignature(LineReader reader, ReadOnlySpan<byte> hashed, in LineMembers members)
    {
        if (!LineHash.TrySplitSignature(hashed, out var signed, out var signature) || members.KeyId is null)
        {
            Add(AuditProblemKind.Unsigned, reader, "the checkpoint isn't signed.");
        }
        else if (!keys.Contains(members.KeyId))
        {
            Add(AuditProblemKind.UnknownKey, reader, $"the checkpoint was signed by the key {Shown(members.KeyId)}, which is not among those given.");
        }
        else if (!Signing.Verify(keys, members.KeyId, CheckpointLine.Purpose, signed, signature))
        {
            Add(AuditProblemKind.BadSignature, reader, "the checkpoint's signature is wrong.");
        }
        else
        {
            _checkpoints++;
            _lastCheckpoint = members.Time;
            _uncovered = 0;
        }
    }

    /// <summary>Looks whether a head speaks of the line just read.</summary>
    private void Meet()
    {
        foreach (var check in heads)
        {
            if (check.Head is { } head && head.Count == _count && _met.Add(check)
                && !Encoding.ASCII.GetBytes(head.Hash).AsSpan().SequenceEqual(_previous))
            {
                problems.Add(AuditProblemKind.OtherChain, check.Name, 0, "the head was made for another line than the log holds there: the log was rewritten.");
            }
        }
    }

    private void CheckHead(HeadCheck check)
    {
        if (check.Head is not { } head)
        {
            problems.Add(AuditProblemKind.MalformedHead, check.Name, 0, "the head can't be read.");
            return;
        }

        if (head.Node != node)
        {
            problems.Add(AuditProblemKind.WrongNode, check.Name, 0, "the head belongs to another node.");
        }

        if (head.KeyId is null)
        {
            problems.Add(AuditProblemKind.Unsigned, check.Name, 0, "the head isn't signed.");
        }
        else if (!keys.Contains(head.KeyId))
        {
            problems.Add(AuditProblemKind.UnknownKey, check.Name, 0, $"the head was signed by the key {Shown(head.KeyId)}, which is not among those given.");
        }
        else if (!head.IsSignedBy(keys))
        {
            problems.Add(AuditProblemKind.BadSignature, check.Name, 0, "the head's signature is wrong.");
        }

        if (head.Count > _count)
        {
            problems.Add(AuditProblemKind.MissingEnd, check.Name, 0, string.Create(
                CultureInfo.InvariantCulture, $"the log had {head.Count} lines and now ends after {_count}: its end was cut off."));
        }
    }

    private void Add(AuditProblemKind kind, LineReader reader, string message) => problems.Add(kind, _file, reader.Number, message);

    /// <summary>A key id as it may be printed: it comes from a file that anybody may have written.</summary>
    private static string Shown(string keyId)
        => string.Concat(keyId.Take(64).Select(c => c is > ' ' and < '\x7f' ? c : '?'));
}

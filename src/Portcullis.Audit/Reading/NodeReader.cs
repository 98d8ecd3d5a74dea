using Portcullis.Audit.Files;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Reading;

/// <summary>Reads one node's files one after the other, and goes on where it stopped when the log has grown.</summary>
internal sealed class NodeReader(string directory, string node, AuditFilter filter, Action<AuditProblem>? onProblem) : IAsyncDisposable
{
    private LineReader? _lines;
    private LogFileName? _file;
    private LogFileName? _next;

    /// <summary>The entry that was read last.</summary>
    public AuditEntry? Current { get; private set; }

    /// <summary>Reads the next entry that the filter lets through; false at the log's end for now.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_lines is not null && await _lines.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var entry = _lines.IsTooLong ? null : RecordReader.TryRead(_lines.Line.Span, _file!.FileName, _lines.Number);
                if (entry is null)
                {
                    onProblem?.Invoke(new AuditProblem(AuditProblemKind.Malformed, _file!.FileName, _lines.Number, "this is not a line of an audit log."));
                }
                else if (filter.Matches(entry.Record, entry.Node))
                {
                    Current = entry;
                    return true;
                }
            }

            if (_next is null)
            {
                _next = NextFile();
                if (_next is null)
                {
                    Current = null;
                    return false;
                }

                // Once the next file is there, this one has its last line: it is read to its end once more.
                continue;
            }

            await OpenAsync(_next).ConfigureAwait(false);
            _next = null;
        }
    }

    public ValueTask DisposeAsync() => _lines?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>The file after the one that was read; days before the filter's are passed over, since a record is written on the day it names or later.</summary>
    private LogFileName? NextFile()
    {
        var since = filter.Since is { } time ? DateOnly.FromDateTime(time.UtcDateTime) : DateOnly.MinValue;
        return LogFileName.List(directory).Find(name => name.Node == node && name.Number > (_file?.Number ?? 0) && name.Day >= since);
    }

    private async ValueTask OpenAsync(LogFileName name)
    {
        if (_lines is not null)
        {
            await _lines.DisposeAsync().ConfigureAwait(false);
        }

        _file = name;
        _lines = new LineReader(
            new FileStream(Path.Combine(directory, name.FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0),
            LineLimits.LineBytes);
    }
}

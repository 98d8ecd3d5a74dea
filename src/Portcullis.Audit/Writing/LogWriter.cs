using System.Globalization;
using System.Threading.Channels;
using Portcullis.Audit.Files;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Writing;

/// <summary>
/// The one writer of a log. It takes what waits in the queue, links it into the chain, writes it with one write(2), and lets
/// the callers go on: the more callers, the larger the groups.
/// </summary>
internal sealed class LogWriter
{
    /// <summary>A group is written when it is as large as this, even if more waits.</summary>
    private const int GroupBytes = 1 << 20;

    /// <summary>How many groups are written one after the other before another thread takes over.</summary>
    private const int GroupsInTurn = 16;

    /// <summary>Space that only checkpoints and the log's own records may use.</summary>
    private const int OwnBytes = 32 << 10;

    private readonly AuditLogOptions _options;
    private readonly Channel<PendingAppend> _queue;
    private readonly WriterStatus _status;
    private readonly CurrentSegment _current;
    private readonly Flusher _flusher;
    private readonly LineBatch _batch;
    private readonly WakeTimer _timer;
    private readonly List<PendingAppend> _probes = [];
    private string? _trouble;
    private bool _isShort;
    private long _unrecorded;

    public LogWriter(
        AuditLogOptions options, TimeProvider clock, Channel<PendingAppend> queue, WriterStatus status, LogFolder folder, Segment segment, ChainPosition position)
    {
        _options = options;
        _queue = queue;
        _status = status;
        _current = new CurrentSegment(options, clock, folder, segment);
        _timer = new WakeTimer(clock, queue.Writer);
        _flusher = new Flusher(options.Node, folder.ReplaceHead, onFailure: _timer.WakeNow);
        _batch = new LineBatch(options, clock, _flusher, position);
    }

    /// <summary>Half of the reserve: below it, nothing new is promised.</summary>
    private long LowWater => _options.ReserveBytes / 2;

    /// <summary>Writes the first checkpoint and what was found when the log was opened.</summary>
    /// <exception cref="AuditUnavailableException">It could not be written.</exception>
    public void Begin(IReadOnlyList<string> findings)
    {
        if (!_current.HasSpace(0, LowWater))
        {
            throw Unavailable();
        }

        _batch.AddCheckpoint(CheckpointReason.Start);
        foreach (var finding in findings)
        {
            _batch.AddOwn(AuditEvents.Recovered, finding);
            _options.OnNotice?.Invoke("The audit log was opened after a crash or a change: " + finding + ".");
        }

        Write();
        if (_trouble is not null)
        {
            throw Unavailable();
        }
    }

    /// <summary>Serves the queue until it is completed. Runs on the threads of callers, and keeps none of them for long.</summary>
    public async Task RunAsync()
    {
        var groups = 0;
        while (true)
        {
            // Who has to wait leaves its thread, and begins a new turn on that of the next caller.
            var more = _queue.Reader.WaitToReadAsync();
            groups = more.IsCompleted ? groups + 1 : 0;
            if (!await more.ConfigureAwait(false))
            {
                return;
            }

            if (groups == GroupsInTurn)
            {
                groups = 0;
                await Task.Yield();
            }

            if (_trouble is null && _current.IsDisturbed())
            {
                BeginTrouble("file_changed: another program changed or removed " + _current.Segment.Name.FileName);
            }

            if (_trouble is not null || _flusher.Failure is not null)
            {
                await GoOnInNewFileAsync().ConfigureAwait(false);
            }
            else if (_current.IsNextDue)
            {
                await RotateAsync().ConfigureAwait(false);
            }

            WriteGroup();
        }
    }

    /// <summary>Writes the last checkpoint and closes everything. Nothing is queued any more.</summary>
    public async Task CloseAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        if (_trouble is null)
        {
            _batch.AddCheckpoint(CheckpointReason.Close);
            Write();
        }

        _status.Headroom = -1;
        await _flusher.WhenIdleAsync().ConfigureAwait(false);
        _flusher.Dispose();
        _current.SwitchTo(null);
    }

    /// <summary>Ends after an error that is a mistake in this program: callers must not wait for ever.</summary>
    public void Abandon(Exception reason)
    {
        _status.Headroom = -1;
        _queue.Writer.TryComplete();
        var failure = new AuditUnavailableException("The audit log's writer has ended.", reason);
        _batch.Abandon(failure);
        _probes.ForEach(probe => probe.Fail(failure));
        _probes.Clear();
        while (_queue.Reader.TryRead(out var pending))
        {
            if (pending != PendingAppend.Tick)
            {
                pending.Fail(failure);
            }
        }

        Discard();
    }

    /// <summary>Lets go of files and threads without writing anything.</summary>
    public void Discard()
    {
        _timer.Dispose();
        _flusher.Dispose();
        _current.SwitchTo(null);
    }

    private void WriteGroup()
    {
        while (_batch.Length < GroupBytes && _queue.Reader.TryRead(out var pending))
        {
            if (pending == PendingAppend.Tick)
            {
                continue;
            }

            if (pending.IsProbe)
            {
                _probes.Add(pending);
            }
            else if (_trouble is null && HasSpaceFor(pending))
            {
                _batch.Add(pending);
            }
            else
            {
                _unrecorded++;
                pending.Fail(Unavailable());
            }
        }

        if (_trouble is null)
        {
            LookForSpace();
            if (_batch.CheckpointDueIn <= TimeSpan.Zero)
            {
                _batch.AddCheckpoint(CheckpointReason.Time);
            }

            Write();
        }

        AnswerProbes();
        SetTimer();
    }

    /// <summary>What was refused need not be recorded at the cost of what was allowed: it stops at the low-water mark, the rest goes on to the end.</summary>
    private bool HasSpaceFor(PendingAppend pending)
    {
        var bytes = _batch.Length + pending.FileBytes;
        return _current.HasSpace(bytes, LowWater) || (!pending.IsRefusal && _current.HasSpace(bytes, OwnBytes));
    }

    /// <summary>Says so once when space has run out, and once when it is back.</summary>
    private void LookForSpace()
    {
        var hasSpace = _current.HasSpace(_batch.Length, LowWater);
        if (!hasSpace && !_isShort)
        {
            _isShort = true;
            _options.OnNotice?.Invoke("The audit log has no disk space left; where the audit is required, access stops until there is some.");
        }
        else if (hasSpace && _isShort)
        {
            Resume();
        }
    }

    private void Resume()
    {
        _isShort = false;
        _batch.AddOwn(AuditEvents.Resumed, string.Create(CultureInfo.InvariantCulture, $"not_recorded: {_unrecorded} records could not be written"));
        _unrecorded = 0;
        _options.OnNotice?.Invoke("The audit log can be written again.");
    }

    private void Write()
    {
        if (_batch.Length == 0)
        {
            return;
        }

        try
        {
            _batch.WriteTo(_current.Segment);
        }
        catch (IOException e)
        {
            _unrecorded += _batch.RollBack(new AuditUnavailableException("The audit log could not be written.", e));
            BeginTrouble("write_failed: the file could not be written");
            return;
        }

        _status.Headroom = _current.Segment.Headroom;
        _batch.Complete(_current.Segment);
    }

    /// <summary>The file in use can't be trusted any more: the chain goes on in a new one.</summary>
    private void BeginTrouble(string what)
    {
        _trouble = what;
        _status.Headroom = -1;
        _current.NoteTrouble();
        _options.OnNotice?.Invoke("The audit log's file can't be used any more, a new one is begun: " + what + ".");
        _timer.WakeNow();
    }

    private async Task GoOnInNewFileAsync()
    {
        if (_trouble is null)
        {
            BeginTrouble("flush_failed: the disk did not confirm a write");
        }

        if (_current.TryCreateNext() is not { } next)
        {
            return;
        }

        var what = _trouble!;
        var isDisturbed = what.StartsWith("file_changed", StringComparison.Ordinal);
        await SwitchToAsync(next).ConfigureAwait(false);
        _flusher.ClearFailure();
        _trouble = null;
        _batch.AddCheckpoint(CheckpointReason.Start);
        _batch.AddOwn(isDisturbed ? AuditEvents.Disturbed : AuditEvents.Resumed, string.Create(CultureInfo.InvariantCulture, $"{what}; {_unrecorded} records could not be written"));
        _unrecorded = 0;
        Write();
    }

    private async Task RotateAsync()
    {
        // The next file and its space come first: on a full disk the old file is written on.
        if (_current.TryCreateNext() is not { } next)
        {
            return;
        }

        _batch.AddCheckpoint(CheckpointReason.Rotation);
        Write();
        await SwitchToAsync(next).ConfigureAwait(false);
        _batch.AddCheckpoint(CheckpointReason.Start);
        Write();
    }

    private async Task SwitchToAsync(Segment next)
    {
        await _flusher.WhenIdleAsync().ConfigureAwait(false);
        _current.SwitchTo(next);
    }

    private void AnswerProbes()
    {
        foreach (var probe in _probes)
        {
            if (_trouble is null && _current.HasSpace(probe.ProbeBytes, LowWater))
            {
                probe.Complete();
            }
            else
            {
                probe.Fail(Unavailable());
            }
        }

        _probes.Clear();
        if (_trouble is null)
        {
            _status.Headroom = _current.Segment.Headroom;
        }
    }

    private void SetTimer()
    {
        if (_trouble is not null || _isShort)
        {
            _timer.WakeAfter(_current.RetryAfter);
        }
        else if (_batch.CheckpointDueIn is { } wait)
        {
            _timer.WakeAfter(wait);
        }
    }

    private AuditUnavailableException Unavailable()
        => new(_trouble is null ? "The audit log has no disk space left." : "The audit log can't be written.");
}

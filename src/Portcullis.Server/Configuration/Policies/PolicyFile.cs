using System.Security.Cryptography;
using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Gateway;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration.Policies;

/// <summary>
/// The policy in force. Its file, and nothing else, is looked at twice a second: watching folders costs kernel resources and misses network file systems and
/// mounted secrets, which are replaced by links. A changed file counts once it has been the same at two looks, so that one that is being written is not taken for
/// a shorter policy. A broken or missing file is reported, and the last good policy stays in force.
/// </summary>
internal sealed partial class PolicyFile : IAccessPolicySource, IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    // Coarser than any file system's clock that is still met (FAT: 2 s). A file that changed so shortly before it was read can have changed again under the same stamp (git: racy-git.adoc).
    private static readonly TimeSpan s_stampGranularity = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private volatile State _state;
    private Stamp? _seen;
    private bool _isPending;
    private DateTimeOffset _readAt;
    private byte[] _digest = [];

    private PolicyFile(string path, TimeProvider time, ILogger logger, State state, Stamp? stamp, byte[] digest)
    {
        _path = path;
        _time = time;
        _logger = logger;
        _state = state;
        _seen = stamp;
        _digest = digest;
        _readAt = time.GetUtcNow();
        _timer = time.CreateTimer(static file => ((PolicyFile)file!).Look(), this, s_interval, s_interval);
    }

    /// <summary>The policy in force; never null.</summary>
    public AccessPolicy Current => _state.Policy;

    /// <summary>What is wrong with the file as it is now; empty while it is in force.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => _state.Problems;

    /// <summary>When the policy in force was read; null while there is no file.</summary>
    public DateTimeOffset? LoadedAt => _state.LoadedAt;

    /// <summary>Opens the policy.</summary>
    /// <param name="path">The file, absolute.</param>
    /// <param name="isRequired">Whether the file has to be there now. Otherwise the empty policy is in force until it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of each reload and of each refused one.</param>
    /// <exception cref="ConfigurationException">The file is broken, or missing although required.</exception>
    public static PolicyFile Open(string path, bool isRequired, TimeProvider time, ILogger logger)
    {
        var stamp = Stamp.Of(path);
        if (stamp is null && !isRequired)
        {
            return new PolicyFile(path, time, logger, new State(AccessPolicy.Empty, [], null), null, []);
        }
        var check = CheckContent(path, path, out var digest);
        return check.Policy is { } policy
            ? new PolicyFile(path, time, logger, new State(policy, [], time.GetUtcNow()), stamp, digest)
            : throw new ConfigurationException(check.Problems);
    }

    /// <summary>Reads a policy without putting it in force, for <c>portcullis policy check</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Its name for messages.</param>
    public static PolicyCheck Check(string path, string name) => CheckContent(path, name, out _);

    /// <summary>Stops looking at the file.</summary>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        // A look that takes longer than the interval, on a network file system, is not joined by others.
        if (!_gate.TryEnter())
        {
            return;
        }
        try
        {
            var stamp = Stamp.Of(_path);
            if (stamp != _seen)
            {
                _seen = stamp;
                _isPending = true;
                return;
            }
            var isTrusted = stamp is null || _readAt - stamp.Value.Written > s_stampGranularity;
            if (_isPending || !isTrusted)
            {
                Read(stamp);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Read(Stamp? stamp)
    {
        _readAt = _time.GetUtcNow();
        if (stamp is null)
        {
            _isPending = false;
            _digest = [];
            if (_state.LoadedAt is not null)
            {
                Refuse([new ConfigurationProblem(new SourceLocation(_path, 0), "the file is gone")]);
            }
            return;
        }
        var check = CheckContent(_path, _path, out var digest);
        if (Stamp.Of(_path) != stamp)
        {
            // Written while it was read: the next look sees the new stamp.
            return;
        }
        // A file that can't be read may become readable under the same stamp.
        _isPending = digest.Length == 0;
        var isNew = _isPending ? _state.Problems.Count == 0 : !digest.AsSpan().SequenceEqual(_digest);
        _digest = digest;
        if (!isNew)
        {
            return;
        }
        if (check.Policy is { } policy)
        {
            _state = new State(policy, [], _readAt);
            LogReloaded(_path);
        }
        else
        {
            Refuse(check.Problems);
        }
    }

    private void Refuse(IReadOnlyList<ConfigurationProblem> problems)
    {
        _state = _state with { Problems = problems };
        LogRefused(_path, string.Join(Environment.NewLine, problems));
    }

    private static PolicyCheck CheckContent(string path, string name, out byte[] digest)
    {
        digest = [];
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = BoundedRead.All(stream, YamlReader.MaxBytes);
            digest = SHA256.HashData(content);
            return PolicyReader.Read(content, name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var message = exception is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "the file can't be read";
            return new PolicyCheck(null, [new ConfigurationProblem(new SourceLocation(name, 0), message)], []);
        }
    }

    private sealed record State(AccessPolicy Policy, IReadOnlyList<ConfigurationProblem> Problems, DateTimeOffset? LoadedAt);

    private readonly record struct Stamp(DateTimeOffset Written, long Length, string Target)
    {
        public static Stamp? Of(string path)
        {
            try
            {
                var file = new FileInfo(path);
                // Of the file that a link leads to: mounted configuration is links to links.
                var target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
                return target is FileInfo { Exists: true } real ? new Stamp(real.LastWriteTimeUtc, real.Length, real.FullName) : null;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The policy was read again and is in force: {File}")]
    private partial void LogReloaded(string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "The changed policy {File} is refused, and the last good one stays in force:\n{Problems}")]
    private partial void LogRefused(string file, string problems);
}

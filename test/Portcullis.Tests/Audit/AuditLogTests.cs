using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Harness;
using Portcullis.Audit;
using Portcullis.Tests.Architecture;

namespace Portcullis.Tests.Audit;

public sealed partial class AuditLogTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_new_log_begins_and_ends_with_a_checkpoint()
    {
        await _fixture.WriteAsync(2);
        Assert.Equal(["checkpoint start", "r1", "r2", "checkpoint close"], _fixture.Events());
        Assert.Equal("gw1.20260314.000001.jsonl", Path.GetFileName(_fixture.Files.Single()));
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task Each_line_carries_the_hash_of_the_one_before_and_its_own_as_the_specification_computes_it()
    {
        await _fixture.WriteAsync(20);
        var previous = new string('0', 64);
        foreach (var line in _fixture.Lines())
        {
            var match = Tail().Match(line);
            Assert.True(match.Success, line);
            Assert.Equal(previous, match.Groups["previous"].Value);
            previous = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line[..line.IndexOf(",\"hash\":", StringComparison.Ordinal)])));
            Assert.Equal(previous, match.Groups["hash"].Value);
        }
    }

    [Fact]
    public async Task The_command_that_the_specification_gives_checks_a_line()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It needs sed and sha256sum.");
        var command = RepositoryTree.Read("docs/spec/audit.md").Split('\n').Single(text => text.Contains("| sha256sum")).Trim();
        await _fixture.WriteAsync(1);
        foreach (var line in _fixture.Lines())
        {
            var start = new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true };
            start.Environment["line"] = line;
            using var shell = Process.Start(start)!;
            Assert.StartsWith(line[^66..^2], await shell.StandardOutput.ReadToEndAsync());
            await shell.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_signer_that_fails_ends_the_log_and_leaves_nobody_waiting()
    {
        var signer = new FailingSigner(_fixture.Key);
        _fixture.Options = _fixture.Options with { Signer = signer, CheckpointEvery = 2 };
        await using var log = await _fixture.OpenAsync();
        await log.AppendAsync(LogFixture.Record("r1"), durable: true);
        signer.IsBroken = true;
        for (var i = 2; i < 4; i++)
        {
            await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.AppendAsync(LogFixture.Record($"r{i}"), durable: true));
        }

        Assert.False(log.IsAvailable);
    }

    [Fact]
    public async Task A_record_is_in_the_file_when_the_append_completes()
    {
        await using var log = await _fixture.OpenAsync();
        for (var i = 0; i < 50; i++)
        {
            await log.AppendAsync(LogFixture.Record($"x{i}"), durable: i % 7 == 0);
            Assert.Contains($"\"id\":\"x{i}\"", Text(_fixture.Files.Single()));
        }
    }

    [Fact]
    public async Task Appends_from_many_threads_are_all_written_once_in_one_chain()
    {
        _fixture.Options = _fixture.Options with { CheckpointEvery = 100, QueueLength = 16, MaxFileBytes = 64 << 10 };
        await using (var log = await _fixture.OpenAsync())
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(async () =>
            {
                for (var i = 0; i < 250; i++)
                {
                    await log.AppendAsync(LogFixture.Record($"t{t}-{i}"), durable: i % 50 == 0);
                }
            })));
        }

        var ids = _fixture.Events().Where(e => e.StartsWith('t')).ToList();
        Assert.Equal(2000, ids.Count);
        Assert.Equal(2000, ids.Distinct().Count());
        foreach (var t in Enumerable.Range(0, 8))
        {
            Assert.Equal(Enumerable.Range(0, 250).Select(i => $"t{t}-{i}"), ids.Where(id => id.StartsWith($"t{t}-", StringComparison.Ordinal)));
        }

        Assert.True(_fixture.Files.Length > 3);
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task Who_appends_alone_never_waits_for_another_thread()
    {
        await using var log = await _fixture.OpenAsync();

        // The writer begins on a thread of its own; from the first append that finds it idle on, it runs on those of its callers.
        for (var isWrittenHere = false; !isWrittenHere;)
        {
            var append = log.AppendAsync(LogFixture.Record("first"), durable: false, TestContext.Current.CancellationToken);
            isWrittenHere = append.IsCompleted;
            await append;
        }

        for (var i = 0; i < 100; i++)
        {
            var append = log.AppendAsync(LogFixture.Record($"r{i}"), durable: false, TestContext.Current.CancellationToken);
            Assert.True(append.IsCompletedSuccessfully);
            await append;
        }
    }

    [Fact]
    public async Task The_chain_goes_on_when_the_log_is_opened_again()
    {
        await _fixture.WriteAsync(2);
        await _fixture.WriteAsync(1, first: 3);
        Assert.Equal(["checkpoint start", "r1", "r2", "checkpoint close", "checkpoint start", "r3", "checkpoint close"], _fixture.Events());
        Assert.Single(_fixture.Files);
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task A_full_file_is_followed_by_the_next_with_the_chain_carried_over()
    {
        _fixture.Options = _fixture.Options with { MaxFileBytes = 64 << 10 };
        await _fixture.WriteAsync(500);
        Assert.True(_fixture.Files.Length >= 3);
        Assert.All(_fixture.Files, file => Assert.InRange(new FileInfo(file).Length, 1, 70 << 10));
        Assert.All(_fixture.Files[..^1], file => Assert.Contains("\"reason\":\"rotation\"", File.ReadLines(file).Last()));
        Assert.All(_fixture.Files, file => Assert.Contains("\"reason\":\"start\"", File.ReadLines(file).First()));
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task Another_day_begins_another_file()
    {
        await using (var log = await _fixture.OpenAsync())
        {
            await log.AppendAsync(LogFixture.Record("before"), durable: false);
            _fixture.Clock.Advance(TimeSpan.FromDays(1));
            await log.AppendAsync(LogFixture.Record("after"), durable: true);
        }

        Assert.Equal(["gw1.20260314.000001.jsonl", "gw1.20260315.000002.jsonl"], _fixture.Files.Select(Path.GetFileName));
        Assert.Contains("\"id\":\"after\"", await File.ReadAllTextAsync(_fixture.Files[1]));
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task A_checkpoint_follows_a_number_of_lines()
    {
        _fixture.Options = _fixture.Options with { CheckpointEvery = 3 };
        await _fixture.WriteAsync(4);
        Assert.Equal(["checkpoint start", "r1", "r2", "r3", "checkpoint count", "r4", "checkpoint close"], _fixture.Events());
    }

    [Fact]
    public async Task A_checkpoint_follows_after_a_second_even_when_nothing_more_is_written()
    {
        await using (var log = await _fixture.OpenAsync())
        {
            await log.AppendAsync(LogFixture.Record("r1"), durable: false);
            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));

            // The writer sets its timer once it is done with the record, and whoever waited for that may go on a moment earlier: closed at once, the log would end without it.
            await Eventually.UntilAsync(() => Text(_fixture.Files.Single()).Contains("\"reason\":\"time\"", StringComparison.Ordinal), () => "no checkpoint came");
        }

        Assert.Equal(["checkpoint start", "r1", "checkpoint time", "checkpoint close"], _fixture.Events());
    }

    [Fact]
    public async Task Nothing_is_written_while_nothing_happens()
    {
        await using (await _fixture.OpenAsync())
        {
            _fixture.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(["checkpoint start", "checkpoint close"], _fixture.Events());
    }

    [Fact]
    public async Task Two_processes_cannot_write_one_chain()
    {
        await using (await _fixture.OpenAsync())
        {
            var refused = await Assert.ThrowsAsync<AuditUnavailableException>(async () => await _fixture.OpenAsync());
            Assert.True(refused.IsInUse);
            Assert.Contains("Another process", refused.Message);
        }

        await using var again = await _fixture.OpenAsync();
    }

    [Fact]
    public async Task Several_nodes_share_a_folder_with_a_chain_each()
    {
        await using (var one = await _fixture.OpenAsync())
        {
            _fixture.Options = _fixture.Options with { Node = "gw2" };
            await using var two = await _fixture.OpenAsync();
            await one.AppendAsync(LogFixture.Record("one"), durable: false);
            await two.AppendAsync(LogFixture.Record("two"), durable: false);
        }

        var result = await _fixture.VerifyAsync();
        Assert.True(result.IsIntact, string.Join('\n', result.Problems));
        Assert.Equal(["gw1", "gw2"], result.Nodes.Select(n => n.Node));
        Assert.All(result.Nodes, n => Assert.Equal(3, n.Lines));
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("audit.recovered")]
    public async Task The_logs_own_events_cannot_be_forged_through_it(string @event)
    {
        await using var log = await _fixture.OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await log.AppendAsync(LogFixture.Record() with { Event = @event }, durable: false));
    }

    [Fact]
    public async Task A_closed_log_takes_nothing()
    {
        var log = await _fixture.OpenAsync();
        await log.DisposeAsync();
        await log.DisposeAsync();
        Assert.False(log.IsAvailable);
        Assert.Throws<AuditUnavailableException>(log.EnsureWritable);
        await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.EnsureWritableAsync());
        await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.AppendAsync(LogFixture.Record(), durable: true));
        Assert.Equal(["checkpoint start", "checkpoint close"], _fixture.Events());
    }

    [Fact]
    public async Task Closing_gives_back_the_space_held_and_leaves_only_the_logs_own_files()
    {
        await _fixture.WriteAsync(3);
        Assert.Equal(["gw1.20260314.000001.jsonl", "gw1.head", "gw1.lock"], Directory.EnumerateFiles(_fixture.Folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Files_are_not_readable_by_others()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await _fixture.WriteAsync(1);
        var others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite;
        foreach (var file in _fixture.Files.Append(Path.Combine(_fixture.Folder, "gw1.head")))
        {
            Assert.Equal(UnixFileMode.None, OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file) & others);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("../x")]
    [InlineData("a b")]
    public async Task Rejects_node_names_that_are_not_plain(string node)
    {
        _fixture.Options = _fixture.Options with { Node = node };
        await Assert.ThrowsAsync<ArgumentException>(async () => await _fixture.OpenAsync());
    }

    // A file that is being written.
    private static string Text(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private sealed class FailingSigner(IAuditSigner signer) : IAuditSigner
    {
        public bool IsBroken { get; set; }

        public string KeyId => signer.KeyId;

        public byte[] Sign(ReadOnlySpan<byte> data) => IsBroken ? throw new CryptographicException("The key is away.") : signer.Sign(data);
    }

    [GeneratedRegex("""^\{.*,"previousHash":"(?<previous>[0-9a-f]{64})"(,"signature":"[A-Za-z0-9_-]{86}")?,"hash":"(?<hash>[0-9a-f]{64})"\}$""")]
    private static partial Regex Tail();
}

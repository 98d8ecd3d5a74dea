using System.Diagnostics;
using Portcullis.Audit;
using Portcullis.Audit.Files;

namespace Portcullis.Tests.Audit;

public sealed class FullDiskTests : IDisposable
{
    private readonly LogFixture _fixture = new();
    private readonly FaultyStorage _disk = new();

    public FullDiskTests() => _fixture.Options = _fixture.Options with { ReserveBytes = 128 << 10 };

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task What_was_allowed_is_recorded_after_the_disk_filled_up()
    {
        await using (var log = await _fixture.OpenAsync(_disk))
        {
            await log.EnsureWritableAsync();
            _disk.Free = 0;
            for (var i = 0; i < 10; i++)
            {
                await log.AppendAsync(LogFixture.Record($"r{i}"), durable: true);
            }
        }

        Assert.Equal(["checkpoint start", .. Enumerable.Range(0, 10).Select(i => $"r{i}"), "checkpoint close"], _fixture.Events());
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task Nothing_new_is_promised_once_half_of_the_reserve_is_gone()
    {
        await using var log = await _fixture.OpenAsync(_disk);
        _disk.Free = 0;
        await FillAsync(log, until: () => !log.IsAvailable);
        Assert.Throws<AuditUnavailableException>(log.EnsureWritable);
        await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.EnsureWritableAsync());

        // What was promised before still fits; a refusal, which promises nothing, gives way.
        await log.AppendAsync(LogFixture.Record("promised"), durable: true);
        await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.AppendAsync(LogFixture.Record("refused", AuditOutcome.Refused), durable: false));
        Assert.Contains("promised", _fixture.Events());
        Assert.Single(_fixture.Notices);
    }

    [Fact]
    public async Task A_disk_that_is_full_to_the_last_byte_refuses_and_tears_no_line()
    {
        await using (var log = await _fixture.OpenAsync(_disk))
        {
            _disk.Free = 0;
            var refused = 0;
            for (var i = 0; i < 600; i++)
            {
                try
                {
                    await log.AppendAsync(LogFixture.Record($"r{i}"), durable: false);
                }
                catch (AuditUnavailableException)
                {
                    refused++;
                }
            }

            Assert.InRange(refused, 1, 599);
        }

        Assert.Equal("checkpoint close", _fixture.Events()[^1]);
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task When_space_returns_the_log_goes_on_and_says_what_it_missed()
    {
        await using (var log = await _fixture.OpenAsync(_disk))
        {
            _disk.Free = 0;
            await FillAsync(log, until: () => !log.IsAvailable);
            await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.AppendAsync(LogFixture.Record("lost", AuditOutcome.Refused), durable: false));
            _disk.Free = 1 << 30;
            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await log.EnsureWritableAsync();
            Assert.True(log.IsAvailable);
            await log.AppendAsync(LogFixture.Record("again"), durable: true);
        }

        Assert.DoesNotContain("lost", _fixture.Events());
        Assert.True(_fixture.Events().IndexOf("audit.resumed") < _fixture.Events().IndexOf("again"));
        Assert.Contains(_fixture.Lines(), line => line.Contains("not_recorded: 1 records could not be written"));
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task Space_for_a_push_of_very_many_refs_is_asked_for_before()
    {
        await using var log = await _fixture.OpenAsync(_disk);
        _disk.Free = 1 << 20;
        await log.EnsureWritableAsync(references: 1000);
        await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.EnsureWritableAsync(references: 100_000));
        Assert.True(log.IsAvailable);
    }

    [Fact]
    public async Task A_full_disk_keeps_the_old_file_in_use_until_the_next_has_its_space()
    {
        _fixture.Options = _fixture.Options with { MaxFileBytes = 64 << 10 };
        await using (var log = await _fixture.OpenAsync(_disk))
        {
            _disk.Free = 100;
            _fixture.Clock.Advance(TimeSpan.FromDays(1));
            await log.AppendAsync(LogFixture.Record("r1"), durable: false);
            Assert.Single(_fixture.Files);
            _disk.Free = 1 << 30;
            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await log.AppendAsync(LogFixture.Record("r2"), durable: false);
            Assert.Equal(2, _fixture.Files.Length);
        }

        await _fixture.AssertIntactAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    public async Task A_write_that_fails_in_the_middle_of_a_line_is_refused_and_the_chain_goes_on_in_a_new_file(int written)
    {
        await using (var log = await _fixture.OpenAsync(_disk))
        {
            await log.AppendAsync(LogFixture.Record("r1"), durable: false);
            _disk.TornWrite = written;
            await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.AppendAsync(LogFixture.Record("r2"), durable: false));
            await log.AppendAsync(LogFixture.Record("r3"), durable: true);
        }

        Assert.Equal(["checkpoint start", "r1", "checkpoint start", "audit.resumed", "r3", "checkpoint close"], _fixture.Events());
        Assert.Equal(2, _fixture.Files.Length);
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task A_flush_that_fails_is_not_taken_for_durable_and_not_tried_again_on_that_file()
    {
        await using (var log = await _fixture.OpenAsync(_disk))
        {
            _disk.FailFlush = true;
            await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.AppendAsync(LogFixture.Record("r1"), durable: true));
            _disk.FailFlush = false;
            _fixture.Clock.Advance(TimeSpan.FromMinutes(2));
            await log.EnsureWritableAsync();
            await log.AppendAsync(LogFixture.Record("r2"), durable: true);
        }

        Assert.Contains("audit.resumed", _fixture.Events());
        Assert.True(_fixture.Files.Length >= 2);
        await _fixture.AssertIntactAsync();
    }

    [Fact]
    public async Task Durable_appends_share_flushes()
    {
        await using var log = await _fixture.OpenAsync(_disk);
        var before = _disk.Flushes;

        // A disk slow enough that all come while it is at the first: how fast this one is, and which thread runs when, does not count.
        _disk.Flushing.Reset();
        var appends = Enumerable.Range(0, 500).Select(i => log.AppendAsync(LogFixture.Record($"r{i}"), durable: true).AsTask()).ToList();
        _disk.Flushing.Set();
        await Task.WhenAll(appends);
        Assert.InRange(_disk.Flushes - before, 1, 250);
    }

    [Fact]
    public async Task A_file_that_another_program_shortens_is_left_and_the_change_is_recorded()
    {
        await using (var log = await _fixture.OpenAsync())
        {
            await log.AppendAsync(LogFixture.Record("r1"), durable: false);
            using (var file = new FileStream(_fixture.Files[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.SetLength(10);
            }

            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await log.AppendAsync(LogFixture.Record("r2"), durable: false);
            await log.AppendAsync(LogFixture.Record("r3"), durable: false);
        }

        Assert.Contains("\"event\":\"audit.disturbed\"", await File.ReadAllTextAsync(_fixture.Files[1]));
        Assert.False((await _fixture.VerifyAsync()).IsIntact);
    }

    /// <summary>The same on a real file system that is really full.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task On_a_real_full_disk_what_was_allowed_is_recorded_and_access_stops_until_there_is_space(bool canReserve)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small file system needs root on Linux.");
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _fixture.Folder), "This container may not mount.");
        var ballast = Path.Combine(_fixture.Folder, "ballast");
        try
        {
            await using (var log = await _fixture.OpenAsync(new DiskLogStorage(canReserve)))
            {
                await log.EnsureWritableAsync();
                Assert.Equal(!canReserve, Directory.EnumerateFiles(_fixture.Folder, "*.reserve").Any());
                FillDisk(ballast);
                await log.AppendAsync(LogFixture.Record("promised"), durable: true);
                await FillAsync(log, until: () => !log.IsAvailable);
                await Assert.ThrowsAsync<AuditUnavailableException>(async () => await log.EnsureWritableAsync());
                File.Delete(ballast);
                _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
                await log.EnsureWritableAsync();
                await log.AppendAsync(LogFixture.Record("again"), durable: true);
            }

            Assert.Empty(Directory.EnumerateFiles(_fixture.Folder, "*.reserve"));
            Assert.Contains("promised", _fixture.Events());
            Assert.Contains("audit.resumed", _fixture.Events());
            Assert.Contains("again", _fixture.Events());
            await _fixture.AssertIntactAsync();
        }
        finally
        {
            Run("umount", _fixture.Folder);
        }
    }

    private static async Task FillAsync(AuditLog log, Func<bool> until)
    {
        for (var i = 0; i < 10_000 && !until(); i++)
        {
            await log.AppendAsync(LogFixture.Record($"fill{i}"), durable: false);
        }

        Assert.True(until());
    }

    private static void FillDisk(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        Assert.ThrowsAny<IOException>((Action)(() =>
        {
            while (true)
            {
                file.Write(block);
            }
        }));
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

using System.Globalization;
using Portcullis.Audit;

namespace Portcullis.Tests.Audit;

public sealed class CrashTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_line_cut_anywhere_is_set_aside_and_recorded_and_the_chain_goes_on()
    {
        await _fixture.WriteAsync(3);
        var file = _fixture.Files.Single();
        var whole = await File.ReadAllBytesAsync(file);
        var head = Path.Combine(_fixture.Folder, "gw1.head");
        var afterR2 = whole.AsSpan(0, whole.AsSpan(0, whole.AsSpan().IndexOf("\"id\":\"r3\""u8)).LastIndexOf((byte)'\n') + 1).Length;
        var r3 = whole.AsSpan(afterR2).IndexOf((byte)'\n') + 1;
        for (var cut = 0; cut <= r3; cut += cut is > 3 and < 500 ? 71 : 1)
        {
            // No head file: the one on the disk says that there were more lines, which is another test.
            File.Delete(head);
            File.Delete(file + ".torn");
            await File.WriteAllBytesAsync(file, whole[..(afterR2 + cut)]);
            await _fixture.WriteAsync(1, first: 4);

            var events = _fixture.Events();
            var isTorn = cut > 0 && cut < r3;
            string[] kept = cut == r3 ? ["r1", "r2", "r3"] : ["r1", "r2"];
            string[] noted = isTorn ? ["audit.recovered", "audit.recovered"] : ["audit.recovered"];
            Assert.Equal(["checkpoint start", .. kept, "checkpoint start", .. noted, "r4", "checkpoint close"], events);
            if (isTorn)
            {
                Assert.Equal(whole[afterR2..(afterR2 + cut)], await File.ReadAllBytesAsync(file + ".torn"));
                Assert.Contains(_fixture.Lines(), line => line.Contains(string.Create(CultureInfo.InvariantCulture, $"torn_line: {cut} bytes")));
            }

            Assert.Equal(isTorn, File.Exists(file + ".torn"));
            await _fixture.AssertIntactAsync();
        }
    }

    [Fact]
    public async Task Blocks_that_a_power_failure_left_empty_are_set_aside()
    {
        await _fixture.WriteAsync(3);
        await File.AppendAllBytesAsync(_fixture.Files.Single(), [.. new byte[5000], .. "\n\0\0\0\n"u8]);
        await _fixture.WriteAsync(1, first: 4);
        await _fixture.AssertIntactAsync();
        Assert.Contains("audit.recovered", _fixture.Events());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"time\":\"2026")]
    public async Task A_crash_between_making_a_file_and_its_first_line_leaves_no_gap(string left)
    {
        await _fixture.WriteAsync(3);
        await File.WriteAllTextAsync(Path.Combine(_fixture.Folder, "gw1.20260314.000002.jsonl"), left);
        await _fixture.WriteAsync(1, first: 4);
        await _fixture.AssertIntactAsync();
        Assert.Single(_fixture.Files);
        Assert.Contains("r4", _fixture.Events());
    }

    [Fact]
    public async Task Lines_that_are_missing_at_the_next_start_are_recorded_and_stay_visible_to_the_verifier()
    {
        await _fixture.WriteAsync(3);
        var file = _fixture.Files.Single();
        var lines = await File.ReadAllLinesAsync(file);
        await File.WriteAllTextAsync(file, string.Concat(lines[..2].Select(line => line + "\n")));
        await _fixture.WriteAsync(1, first: 4);
        Assert.Contains(_fixture.Lines(), line => line.Contains("lines_missing: the head file counts 5 lines, the log ends after 2"));
    }

    [Fact]
    public async Task A_line_changed_in_the_middle_is_left_for_the_verifier()
    {
        await _fixture.WriteAsync(3);
        var file = _fixture.Files.Single();
        var text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, text.Replace("\"id\":\"r2\"", "\"id\":\"x2\""));
        await _fixture.WriteAsync(1, first: 4);
        Assert.False(File.Exists(file + ".torn"));
        var problem = Assert.Single((await _fixture.VerifyAsync()).Problems);
        Assert.Equal((AuditProblemKind.Edited, 3), (problem.Kind, problem.Line));
    }

    /// <summary>What is on the disk at any moment of a busy log is what a kill at that moment leaves.</summary>
    [Fact]
    public async Task A_process_killed_at_any_moment_has_lost_no_line_that_it_confirmed()
    {
        _fixture.Options = _fixture.Options with { CheckpointEvery = 50, MaxFileBytes = 64 << 10 };
        await using var log = await _fixture.OpenAsync();
        var confirmed = 0;
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await log.AppendAsync(LogFixture.Record($"r{i}"), durable: false);
                Volatile.Write(ref confirmed, i + 1);
            }
        });

        for (var kill = 0; kill < 15; kill++)
        {
            var target = Volatile.Read(ref confirmed) + 20;
            while (Volatile.Read(ref confirmed) < target && !writing.IsCompleted)
            {
                await Task.Yield();
            }

            using var killed = new LogFixture();
            var atLeast = Volatile.Read(ref confirmed);
            var head = Path.Combine(_fixture.Folder, "gw1.head");
            if (File.Exists(head))
            {
                File.Copy(head, Path.Combine(killed.Folder, "gw1.head"));
            }

            foreach (var file in _fixture.Files)
            {
                // A copy in several reads could join two moments; one read of what a growing file holds is one moment.
                await using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
                var bytes = new byte[source.Length];
                await source.ReadExactlyAsync(bytes);
                await File.WriteAllBytesAsync(Path.Combine(killed.Folder, Path.GetFileName(file)), bytes);
            }

            killed.Options = killed.Options with { Signer = _fixture.Key };
            await using (var reopened = await killed.OpenAsync())
            {
                await reopened.AppendAsync(LogFixture.Record("after"), durable: true);
            }

            var result = await AuditVerifier.VerifyAsync(killed.Folder, _fixture.Keys);
            Assert.True(result.IsIntact, string.Join('\n', result.Problems));
            var ids = killed.Events().Where(e => e.StartsWith('r')).ToList();
            Assert.Equal(Enumerable.Range(0, ids.Count).Select(i => $"r{i}"), ids);
            Assert.True(ids.Count >= atLeast, $"{atLeast} were confirmed, {ids.Count} are there");
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task A_process_that_was_really_killed_has_lost_no_line_that_it_confirmed()
    {
        var key = Path.Combine(_fixture.Folder, "audit.pem");
        using var signer = AuditSigningKey.LoadOrCreate(key);
        var last = -1;
        for (var kill = 0; kill < 3; kill++)
        {
            using var process = KilledProcess.Start(_fixture.Folder, key);
            for (var i = 0; i < 200 + (kill * 37); i++)
            {
                last = int.Parse(await process.StandardOutput.ReadLineAsync() ?? "-1", CultureInfo.InvariantCulture);
            }

            process.Kill();
            await process.WaitForExitAsync();

            // What it had confirmed before it died, but we had not read yet.
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                last = int.TryParse(line, CultureInfo.InvariantCulture, out var number) && number > last ? number : last;
            }

            _fixture.Options = _fixture.Options with { Signer = signer };
            await using (await _fixture.OpenAsync())
            {
            }

            var result = await AuditVerifier.VerifyAsync(_fixture.Folder, AuditKeySet.Parse(signer.Jwk));
            Assert.True(result.IsIntact, string.Join('\n', result.Problems));
            var ids = _fixture.Events().Where(e => e.StartsWith('r')).ToHashSet();
            Assert.True(ids.Count > last, $"{last + 1} were confirmed, {ids.Count} are there");
            Assert.All(Enumerable.Range(0, last + 1), i => Assert.Contains($"r{i}", ids));
        }
    }
}

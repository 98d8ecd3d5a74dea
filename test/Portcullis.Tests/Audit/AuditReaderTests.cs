using Portcullis.Audit;

namespace Portcullis.Tests.Audit;

public sealed class AuditReaderTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Reads_across_files_in_order_without_the_logs_own_checkpoints()
    {
        _fixture.Options = _fixture.Options with { MaxFileBytes = 64 << 10 };
        await _fixture.WriteAsync(600);
        Assert.True(_fixture.Files.Length > 2);
        Assert.Equal(Enumerable.Range(1, 600).Select(i => $"r{i}"), await IdsAsync(AuditFilter.None));
    }

    [Fact]
    public async Task Entries_say_where_they_stand()
    {
        await _fixture.WriteAsync(2);
        var entries = await new AuditReader(_fixture.Folder).ReadAsync(AuditFilter.None with { IncludeCheckpoints = true }).ToListAsync();
        Assert.Equal([1, 2, 3, 4], entries.Select(e => e.Line));
        Assert.Equal(_fixture.Lines(), entries.Select(e => e.Json));
        Assert.All(entries, e => Assert.Equal(("gw1", "gw1.20260314.000001.jsonl"), (e.Node, e.File)));
    }

    [Fact]
    public async Task Each_filter_lets_through_what_it_names()
    {
        var time = _fixture.Clock.GetUtcNow();
        await using (var log = await _fixture.OpenAsync())
        {
            await log.AppendAsync(
                new AuditRecord
                {
                    Id = "1", Event = "request", Outcome = AuditOutcome.Allowed, Subject = "alice", Client = "cli", TokenId = "t1", Session = "s1",
                    Repository = "acme/app", Operation = "push", Time = time.AddMinutes(-1), Refs = [new() { Name = "refs/heads/main", Outcome = AuditOutcome.Allowed }],
                },
                durable: false);
            await log.AppendAsync(
                new AuditRecord
                {
                    Id = "2", Event = "token.issued", Outcome = AuditOutcome.Refused, Subject = "bob", Actor = ["agent-7"], Client = "ci", TokenId = "t2", Session = "s2",
                    Repository = "acme/web", Operation = "fetch", Time = time,
                },
                durable: false);
        }

        Assert.Equal(["1", "2"], await IdsAsync(AuditFilter.None));
        Assert.Equal(["1"], await IdsAsync(new() { Until = time }));
        Assert.Equal(["2"], await IdsAsync(new() { Since = time }));
        Assert.Empty(await IdsAsync(new() { Since = time.AddDays(1) }));
        Assert.Equal(["1"], await IdsAsync(new() { Id = "1" }));
        Assert.Empty(await IdsAsync(new() { Node = "gw2" }));
        Assert.Equal(["2"], await IdsAsync(new() { Event = "token.issued" }));
        Assert.Equal(["2"], await IdsAsync(new() { Outcome = AuditOutcome.Refused }));
        Assert.Equal(["1"], await IdsAsync(new() { Subject = "alice" }));
        Assert.Equal(["2"], await IdsAsync(new() { Subject = "agent-*" }));
        Assert.Equal(["2"], await IdsAsync(new() { Client = "ci" }));
        Assert.Equal(["1"], await IdsAsync(new() { TokenId = "t1" }));
        Assert.Equal(["2"], await IdsAsync(new() { Session = "s2" }));
        Assert.Equal(["1", "2"], await IdsAsync(new() { Repository = "acme/*" }));
        Assert.Equal(["2"], await IdsAsync(new() { Repository = "*w*b" }));
        Assert.Empty(await IdsAsync(new() { Repository = "acme" }));
        Assert.Equal(["1"], await IdsAsync(new() { Operation = "push" }));
        Assert.Equal(["1"], await IdsAsync(new() { Ref = "refs/heads/*" }));
    }

    [Fact]
    public async Task Several_nodes_are_merged_by_time()
    {
        await using (var one = await _fixture.OpenAsync())
        {
            _fixture.Options = _fixture.Options with { Node = "gw2" };
            await using var two = await _fixture.OpenAsync();
            for (var i = 0; i < 10; i++)
            {
                _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));
                await (i % 3 == 0 ? two : one).AppendAsync(LogFixture.Record($"{i}"), durable: false);
            }
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), await IdsAsync(AuditFilter.None));
    }

    [Fact]
    public async Task Following_shows_what_is_appended_across_rotation_and_new_nodes()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var log = await _fixture.OpenAsync();
        await log.AppendAsync(LogFixture.Record("before"), durable: false);
        var reader = new AuditReader(_fixture.Folder).FollowAsync(AuditFilter.None, TimeProvider.System, stop.Token).GetAsyncEnumerator();
        Assert.Equal("before", await NextAsync());
        await log.AppendAsync(LogFixture.Record("r1"), durable: false);
        Assert.Equal("r1", await NextAsync());
        _fixture.Clock.Advance(TimeSpan.FromDays(1));
        await log.AppendAsync(LogFixture.Record("r2"), durable: false);
        Assert.Equal("r2", await NextAsync());
        _fixture.Options = _fixture.Options with { Node = "gw2" };
        await using var other = await _fixture.OpenAsync();
        await other.AppendAsync(LogFixture.Record("other"), durable: false);
        Assert.Equal("other", await NextAsync());
        await stop.CancelAsync();
        Assert.False(await reader.MoveNextAsync());
        await reader.DisposeAsync();

        async Task<string> NextAsync()
        {
            Assert.True(await reader.MoveNextAsync());
            return reader.Current.Record.Id;
        }
    }

    [Fact]
    public async Task Lines_that_cannot_be_read_are_told_of_and_passed_over()
    {
        await _fixture.WriteAsync(1);
        await File.AppendAllTextAsync(_fixture.Files.Single(), "not json\n[]\n{\"id\":1}\n{\"id\":\"cut");
        var problems = new List<AuditProblem>();
        var entries = await new AuditReader(_fixture.Folder, problems.Add).ReadAsync(AuditFilter.None).ToListAsync();
        Assert.Single(entries);
        Assert.Equal([4, 5, 6], problems.Select(p => p.Line));
    }

    private async Task<List<string>> IdsAsync(AuditFilter filter)
        => await new AuditReader(_fixture.Folder).ReadAsync(filter).Select(e => e.Record.Id).ToListAsync();
}

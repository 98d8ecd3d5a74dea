using Microsoft.AspNetCore.Http;
using Portcullis.Audit;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Gateway.Requests;

namespace Portcullis.Tests.Gateway.PackCache;

public sealed class AnswerCacheTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-packs-").FullName;

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_nobody_waits_for_takes_nothing_more()
    {
        using var cache = Cache();
        var ended = new TaskCompletionSource<Exception>();
        var started = new TaskCompletionSource();
        var (reader, _) = cache.JoinOrMake("key", async answer =>
        {
            await answer.AppendAsync("one"u8.ToArray(), answer.Abandoned);
            started.SetResult();
            try
            {
                while (true)
                {
                    await answer.AppendAsync("more"u8.ToArray(), answer.Abandoned);
                    await Task.Yield();
                }
            }
            catch (OperationCanceledException exception)
            {
                ended.SetResult(exception);
                throw;
            }
        });
        await started.Task;
        reader!.Dispose();

        await ended.Task.WaitAsync(Ended);
    }

    [Fact]
    public async Task Many_who_ask_the_same_at_once_are_answered_by_one_making()
    {
        using var cache = Cache();
        var go = new TaskCompletionSource();
        var made = 0;
        var readers = Enumerable.Range(0, 20).Select(_ => cache.JoinOrMake("key", async answer =>
        {
            Interlocked.Increment(ref made);
            await answer.AppendAsync("one "u8.ToArray(), Ended);
            await go.Task;
            await answer.AppendAsync("two"u8.ToArray(), Ended);
            return BackendOutcome.Served;
        })).ToList();
        Assert.Single(readers, opened => opened.IsMade);
        var sent = readers.Select(opened => SendAsync(opened.Reader!)).ToList();
        go.SetResult();
        Assert.All(await Task.WhenAll(sent), answer => Assert.Equal("one two", answer));
        Assert.Equal(1, made);
        using var late = cache.TryJoin("key");
        Assert.Equal("one two", await SendAsync(late!));
        Assert.Equal(7, cache.Bytes);
    }

    [Fact]
    public async Task An_answer_is_sent_while_it_is_made()
    {
        using var cache = Cache();
        var go = new TaskCompletionSource();
        var (reader, _) = cache.JoinOrMake("key", async answer =>
        {
            await answer.AppendAsync("first"u8.ToArray(), Ended);
            await go.Task;
            return BackendOutcome.Served;
        });
        var context = new DefaultHttpContext();
        var body = new Arrival();
        context.Response.Body = body;
        var sending = reader!.SendAsync(new GitResponse(context), "text/x", Ended);
        await body.HasArrived.WaitAsync(Ended);
        Assert.False(sending.IsCompleted);
        go.SetResult();
        await sending;
    }

    [Fact]
    public async Task A_failure_is_heard_by_all_who_wait_and_kept_for_nobody()
    {
        using var cache = Cache();
        var go = new TaskCompletionSource();
        var failed = new BackendOutcome { Outcome = AuditOutcome.Failed, Code = "broken" };
        var (first, _) = cache.JoinOrMake("key", async answer =>
        {
            await go.Task;
            return failed;
        });
        var (second, _) = cache.JoinOrMake("key", _ => throw new InvalidOperationException());
        go.SetResult();
        Assert.Equal(failed, await first!.SendAsync(Response(), "text/x", Ended));
        Assert.Equal(failed, await second!.SendAsync(Response(), "text/x", Ended));
        Assert.Null(cache.TryJoin("key"));

        var (third, isMade) = cache.JoinOrMake("key", _ => throw new IOException("disk"));
        Assert.True(isMade);
        await Assert.ThrowsAsync<IOException>(() => third!.SendAsync(Response(), "text/x", Ended));
        Assert.Null(cache.TryJoin("key"));
    }

    [Fact]
    public async Task An_answer_that_nobody_waits_for_any_more_is_given_up()
    {
        using var cache = Cache();
        var ended = new TaskCompletionSource();
        var (first, _) = cache.JoinOrMake("key", async answer =>
        {
            await using var registration = answer.Abandoned.Register(ended.SetResult);
            await ended.Task;
            throw new OperationCanceledException(answer.Abandoned);
        });
        var (second, _) = cache.JoinOrMake("key", _ => throw new InvalidOperationException());
        first!.Dispose();
        Assert.False(ended.Task.IsCompleted);
        second!.Dispose();
        await ended.Task.WaitAsync(Ended);
        Assert.Null(cache.TryJoin("key"));
    }

    [Fact]
    public async Task The_oldest_leave_when_there_are_too_many_bytes_and_who_reads_them_reads_on()
    {
        using var cache = Cache(maxBytes: 100);
        await MakeAsync(cache, "a", 60);
        using var reader = cache.TryJoin("a");
        await MakeAsync(cache, "b", 60);
        Assert.Null(cache.TryJoin("a"));
        Assert.Equal(60, cache.Bytes);
        Assert.Equal(60, (await SendAsync(reader!)).Length);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_sent_and_not_kept()
    {
        using var cache = Cache(maxBytes: 1 << 20);
        const int Pieces = 400;
        var piece = new byte[64 << 10];
        var (reader, _) = cache.JoinOrMake("key", async answer =>
        {
            for (var i = 0; i < Pieces; i++)
            {
                await answer.AppendAsync(piece, Ended);
            }

            return BackendOutcome.Served;
        });
        Assert.Equal(Pieces * piece.Length, (await SendAsync(reader!)).Length);
        Assert.Null(cache.TryJoin("key"));
        Assert.Equal(0, cache.Bytes);
    }

    [Fact]
    public async Task Age_ends_an_answer()
    {
        var time = new Clock();
        using var cache = new AnswerCache(new AnswerCacheOptions(folder, 1 << 20, TimeSpan.FromMinutes(5)), time);
        await MakeAsync(cache, "a", 10);
        time.Passed = TimeSpan.FromMinutes(4);
        using (var reader = cache.TryJoin("a"))
        {
            Assert.NotNull(reader);
        }

        time.Passed = TimeSpan.FromMinutes(6);
        Assert.Null(cache.TryJoin("a"));
    }

    [Fact]
    public async Task Nothing_is_left_on_the_disk_when_the_cache_ends()
    {
        using (var cache = Cache())
        {
            await MakeAsync(cache, "a", 10);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void A_cache_without_room_makes_nothing()
    {
        using var cache = Cache(maxBytes: 1L << 60);
        Assert.Equal((null, false), cache.JoinOrMake("key", _ => throw new InvalidOperationException()));
        using var off = Cache(maxBytes: 0);
        Assert.False(off.IsEnabled);
    }

    private static async Task MakeAsync(AnswerCache cache, string key, int length)
    {
        var (reader, isMade) = cache.JoinOrMake(key, async answer =>
        {
            await answer.AppendAsync(new byte[length], Ended);
            return BackendOutcome.Served;
        });
        Assert.True(isMade);
        await SendAsync(reader!);
    }

    private static GitResponse Response() => new(new DefaultHttpContext());

    private static async Task<string> SendAsync(AnswerReader reader)
    {
        using (reader)
        {
            using var body = new MemoryStream();
            var context = new DefaultHttpContext();
            context.Response.Body = body;
            var response = new GitResponse(context);
            Assert.Equal(BackendOutcome.Served, await reader.SendAsync(response, "text/x", Ended));
            await response.FlushAsync(Ended);
            return System.Text.Encoding.Latin1.GetString(body.ToArray());
        }
    }

    private AnswerCache Cache(long maxBytes = 1 << 20) => new(new AnswerCacheOptions(folder, maxBytes, TimeSpan.FromHours(1)), TimeProvider.System);

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;
    }

    private sealed class Arrival : MemoryStream
    {
        private readonly TaskCompletionSource arrived = new();

        public Task HasArrived => arrived.Task;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            arrived.TrySetResult();
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}

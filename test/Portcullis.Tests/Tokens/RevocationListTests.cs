using Portcullis.Tokens;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Tokens;

public sealed class RevocationListTests
{
    private readonly TokenFixture _fixture = new();

    [Fact]
    public async Task Meets_only_the_tokens_of_the_issuer_that_it_names()
    {
        ValidatedToken token = await TokenAsync();

        Add(RevocationKind.Subject, "alice", issuer: "https://other.example");
        Assert.False(_fixture.Revocations.IsRevoked(token));
        Add(RevocationKind.Subject, "alice", issuer: TokenFixture.Issuer);
        Assert.True(_fixture.Revocations.IsRevoked(token));
    }

    [Fact]
    public async Task Meets_tokens_issued_before_and_in_the_same_second_but_none_after()
    {
        ValidatedToken before = await TokenAsync();
        Add(RevocationKind.Subject, "alice", issuedBefore: _fixture.Time.GetUtcNow());
        _fixture.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(_fixture.Revocations.IsRevoked(before));
        Assert.False(_fixture.Revocations.IsRevoked(await TokenAsync()));
    }

    [Fact]
    public async Task A_later_revocation_never_takes_back_an_earlier_one()
    {
        ValidatedToken token = await TokenAsync();
        Add(RevocationKind.Subject, "alice");
        Add(RevocationKind.Subject, "alice", issuedBefore: _fixture.Time.GetUtcNow().AddDays(-1), life: TimeSpan.FromSeconds(1));
        _fixture.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.True(_fixture.Revocations.IsRevoked(token));
    }

    [Fact]
    public async Task Kinds_are_not_confused()
    {
        ValidatedToken token = await TokenAsync();

        Add(RevocationKind.Token, "alice");
        Add(RevocationKind.Session, "alice");
        Add(RevocationKind.Client, "alice");
        Add(RevocationKind.Key, "alice");

        Assert.False(_fixture.Revocations.IsRevoked(token));
    }

    [Fact]
    public async Task Forgets_what_has_met_its_last_token_and_says_when_it_is_full()
    {
        var list = new RevocationList(_fixture.Time, capacity: 2);
        Assert.True(list.TryAdd(Entry("a", TimeSpan.FromMinutes(1))));
        Assert.True(list.TryAdd(Entry("b", TimeSpan.FromMinutes(5))));
        Assert.False(list.TryAdd(Entry("c", TimeSpan.FromMinutes(5))));
        Assert.True(list.TryAdd(Entry("b", TimeSpan.FromMinutes(9))));

        _fixture.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(["b"], list.Entries.Select(e => e.Value));
        Assert.True(list.TryAdd(Entry("c", TimeSpan.FromMinutes(5))));
        Assert.False(list.IsRevoked(await TokenAsync("a")));
        Assert.True(list.IsRevoked(await TokenAsync("c")));

        RevocationEntry Entry(string id, TimeSpan life) => new() { Kind = RevocationKind.Token, Value = id, ExpiresAt = _fixture.Time.GetUtcNow() + life };
    }

    [Fact]
    public async Task A_running_transfer_is_told_once_and_no_other()
    {
        int mine = 0;
        int other = 0;
        using IDisposable watch = _fixture.Revocations.OnRevoked(await TokenAsync("mine"), () => mine++);
        using IDisposable otherWatch = _fixture.Revocations.OnRevoked(await TokenAsync("other"), () => other++);

        Add(RevocationKind.Token, "mine");
        Add(RevocationKind.Subject, "nobody");
        Add(RevocationKind.Token, "mine");

        Assert.Equal((1, 0), (mine, other));
    }

    [Fact]
    public async Task A_transfer_that_begins_too_late_is_told_at_once()
    {
        ValidatedToken token = await TokenAsync("t-1");
        Add(RevocationKind.Token, "t-1");
        int told = 0;

        using IDisposable watch = _fixture.Revocations.OnRevoked(token, () => told++);

        Assert.Equal(1, told);
    }

    [Fact]
    public async Task A_transfer_that_has_ended_is_not_told()
    {
        int told = 0;
        _fixture.Revocations.OnRevoked(await TokenAsync("t-1"), () => told++).Dispose();

        Add(RevocationKind.Token, "t-1");

        Assert.Equal(0, told);
        Assert.Equal(0, _fixture.Revocations.Watches);
    }

    [Fact]
    public async Task Whatever_the_order_every_transfer_is_told()
    {
        ValidatedToken[] tokens = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => TokenAsync($"t-{i}")));
        int told = 0;

        Parallel.For(0, tokens.Length * 2, i =>
        {
            if (i % 2 == 0)
            {
                _fixture.Revocations.OnRevoked(tokens[i / 2], () => Interlocked.Increment(ref told));
            }
            else
            {
                Add(RevocationKind.Token, $"t-{i / 2}");
            }
        });

        Assert.Equal(tokens.Length, told);
    }

    private async Task<ValidatedToken> TokenAsync(string? tokenId = null) => (await _fixture.ValidateAsync(_fixture.Mint(TokenFixture.Request with { TokenId = tokenId }))).Token!;

    private void Add(RevocationKind kind, string value, string? issuer = null, DateTimeOffset? issuedBefore = null, TimeSpan? life = null) =>
        Assert.True(_fixture.Revocations.TryAdd(new RevocationEntry
        {
            Kind = kind,
            Value = value,
            Issuer = issuer,
            IssuedBefore = issuedBefore,
            ExpiresAt = _fixture.Time.GetUtcNow() + (life ?? TimeSpan.FromHours(1)),
        }));
}

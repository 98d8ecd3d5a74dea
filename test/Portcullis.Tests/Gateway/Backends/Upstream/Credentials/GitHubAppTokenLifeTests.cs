using System.Net;

namespace Portcullis.Tests.Gateway.Backends.Upstream.Credentials;

/// <summary>How long a token is kept, and by whom it is waited for.</summary>
public sealed class GitHubAppTokenLifeTests : GitHubAppTest
{
    [Fact]
    public async Task Token_is_made_once_for_many_who_wait_for_it()
    {
        _handler.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var credential = Create();
        var waiting = Enumerable.Range(0, 50).Select(_ => Get(credential, s_read)).ToList();
        _handler.Gate.SetResult();

        var values = await Task.WhenAll(waiting);

        Assert.Single(values.Distinct());
        Assert.Single(_gitHub.Tokens);
    }

    [Fact]
    public async Task One_who_leaves_does_not_end_it_for_the_others()
    {
        _handler.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var credential = Create();
        using var leaving = new CancellationTokenSource();
        var first = credential.GetAsync(s_read, leaving.Token).AsTask();
        var second = Get(credential, s_read);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _handler.Gate.SetResult();

        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit((await second).ToString(), "acme/app", writes: false));
    }

    [Fact]
    public async Task Token_is_kept_and_made_anew_in_the_background_before_its_end()
    {
        var credential = Create();
        var first = await credential.GetAsync(s_read, Cancel);
        _time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal(first, await credential.GetAsync(s_read, Cancel));
        Assert.Single(_gitHub.Tokens);

        // Within the last five minutes: the old one still answers, and at once; the next is on its way.
        _handler.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _time.Advance(TimeSpan.FromMinutes(2));
        var during = credential.GetAsync(s_read, Cancel);
        Assert.True(during.IsCompletedSuccessfully);
        Assert.Equal(first, await during);
        _handler.Gate.SetResult();

        while (_gitHub.Tokens.Count < 2 || (await credential.GetAsync(s_read, Cancel)).Equals(first))
        {
            await Task.Yield();
        }

        Assert.Equal(2, _gitHub.Tokens.Count);
    }

    [Fact]
    public async Task No_request_begins_with_a_token_that_ends_within_the_minute()
    {
        var credential = Create();
        await credential.GetAsync(s_read, Cancel);
        _time.Advance(TimeSpan.FromMinutes(59.5));

        var now = await credential.GetAsync(s_read, Cancel);

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit(now.ToString(), "acme/app", writes: false));
    }

    [Fact]
    public async Task Token_of_any_length_and_form_is_taken()
    {
        _gitHub.Instead = request => request.Method == "GET" ? null : Token(new string('a', 8000) + ".b_c-d");
        Assert.Contains("b_c-d", Decoded(await Create().GetAsync(s_read, Cancel)));
    }

    [Fact]
    public async Task Rejected_token_is_replaced_once_and_not_again_and_again()
    {
        var credential = Create();
        var first = await credential.GetAsync(s_read, Cancel);
        _time.Advance(TimeSpan.FromMinutes(1));
        _gitHub.RevokeAllTokens();

        var second = await credential.RenewAsync(s_read, first, Cancel);
        Assert.NotNull(second);
        Assert.NotEqual(first, second);
        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit(second.ToString(), "acme/app", writes: false));

        // Another request that was under way with the first one gets the second, and none is made.
        Assert.Equal(second, await credential.RenewAsync(s_read, first, Cancel));
        Assert.Equal(2, _gitHub.Tokens.Count);

        // An upstream that takes none is not answered with one token after the other.
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await credential.RenewAsync(s_read, second, Cancel));
        Assert.Equal(2, _gitHub.Tokens.Count);
    }

    [Fact]
    public async Task Token_that_is_seconds_old_is_shown_once_more_after_a_moment()
    {
        var credential = Create();
        var first = await credential.GetAsync(s_read, Cancel);

        var renewing = credential.RenewAsync(s_read, first, Cancel).AsTask();
        Assert.False(renewing.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(first, await renewing);
        Assert.Single(_gitHub.Tokens);
    }
}

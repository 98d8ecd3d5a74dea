using System.Net;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Advertisements;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>Lists of refs that are read from upstreams: bounded all together, whoever sends them and however many ask.</summary>
public class ListingBudgetTests
{
    private const string Restricted = "git:*@refs/heads/main:pull,push";

    [Fact]
    public void Shares_together_stay_below_the_limit_and_give_back_what_they_took()
    {
        var budget = new ListingBudget(100);
        using var first = budget.Begin();
        first.Take(40);
        first.Take(60);
        var second = budget.Begin();
        second.Take(40);

        Assert.Equal(UpstreamFailure.NoRoom, Assert.Throws<UpstreamException>(() => second.Take(41)).Failure);
        Assert.Equal(UpstreamFailure.NoRoom, Assert.Throws<UpstreamException>(() => first.Take(1000)).Failure);
        Assert.Equal(100, budget.HeldBytes);

        second.Dispose();
        second.Dispose();
        Assert.Equal(60, budget.HeldBytes);
        first.Take(100);
        first.Dispose();
        Assert.Equal(0, budget.HeldBytes);
    }

    [Fact]
    public async Task Who_would_need_more_memory_than_there_is_comes_later_and_others_are_served()
    {
        // Attack: many callers with a restricted view, or an upstream with endless refs, fill the memory. Claim: what must be held is refused beyond the limit, and what need not be is served.
        await using var levels = await TwoLevels.StartAsync(options: options => options with { MaxUpstreamListingBytes = 1000 });
        await levels.SeedAsync("acme/app");

        foreach (var service in (string[])["git-upload-pack", "git-receive-pack"])
        {
            var answer = await levels.Gateway.Client(levels.Gateway.Token(Restricted)).GetAsync($"/up/acme/app.git/info/refs?service={service}", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(5, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
            Assert.Contains("as many lists of refs", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        levels.Clone("git:*:pull");
        Assert.Contains(await levels.Gateway.AuditAsync(), entry => entry.Record is { Reason: "busy", Status: 503 });
    }

    [Fact]
    public async Task What_was_held_for_a_request_is_given_back_with_its_end()
    {
        // Each of these requests holds a list for a while; together they would need many times the limit.
        await using var levels = await TwoLevels.StartAsync(options: options => options with { MaxUpstreamListingBytes = 20 << 10 });
        await levels.SeedAsync("acme/app");

        for (var i = 0; i < 5; i++)
        {
            var clone = levels.Clone(Restricted);
            TwoLevels.Commit(clone, $"{i}.txt");
            var pushed = levels.Gateway.Git(levels.Gateway.Token(Restricted), clone, "push", "origin", "HEAD:main");
            Assert.True(pushed.ExitCode == 0, pushed.Error);
            Assert.NotEqual(0, levels.Gateway.Git(levels.Gateway.Token(Restricted), clone, "push", "--force", "origin", "HEAD~1:main").ExitCode);
        }

        Assert.Equal(0, levels.Gateway.Service<ListingBudget>().HeldBytes);
    }
}

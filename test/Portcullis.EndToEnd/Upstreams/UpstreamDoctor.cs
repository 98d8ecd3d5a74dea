using System.Text.Json;
using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams.BrokenPeers;

namespace Portcullis.EndToEnd.Upstreams;

/// <summary>What <c>portcullis doctor</c> says of servers behind.</summary>
public sealed class UpstreamDoctor(Shared<BehindPortcullis> shared, BrokenPeersSite broken) : IClassFixture<Shared<BehindPortcullis>>, IClassFixture<BrokenPeersSite>
{
    [Fact]
    public async Task An_upstream_that_answers_and_accepts_its_credential_is_well()
    {
        var repository = await shared.Site.SeededRepositoryAsync();
        Assert.EndsWith("speaks protocol version 2", await FindAsync(shared.Site.Server, "upstream *", "good", "--repository", repository));
        Assert.Contains("does not reject the credential", await FindAsync(shared.Site.Server, "upstream *", "good"));
        Assert.Contains($"there is no {repository}-absent", await FindAsync(shared.Site.Server, "upstream *", "wrong", "--repository", repository + "-absent"));
    }

    [Fact]
    public async Task Each_that_is_broken_is_named_with_what_to_mend_and_without_its_secret()
    {
        var examined = await broken.Server.CommandAsync("doctor", "--repository", "version-0/app");
        Assert.Equal(1, examined.ExitCode);
        foreach (var (peer, words) in (IEnumerable<(string, string)>)
            [
                ("down", "can't be reached"), ("html", "not as a Git server does"), ("rejects", "must renew 'credential'"), ("forbids", "give that credential more"),
                ("elsewhere", "must correct 'url'"), ("slow", "did not answer in time"), ("version-0", "speaks protocol version 0 alone"), ("wrong-clock", "seconds behind this machine's"),
            ])
        {
            var lines = examined.Output.Split('\n');
            Assert.Contains(lines.Index(), line => line.Item.Contains($"upstream {peer}/*:", StringComparison.Ordinal) && (line.Item + lines[line.Index + 1]).Contains(words, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(BrokenPeersSite.Secret, examined.Text);
        Assert.DoesNotContain(Convert.ToBase64String("x-access-token:upstream-credential-0123456789"u8), examined.Text);
    }

    private static async Task<string> FindAsync(PortcullisServer server, string topic, string level, params string[] arguments)
    {
        var examined = await server.CommandAsync(["doctor", "--json", .. arguments]);
        return AuditTrail.Text(
            JsonDocument.Parse(examined.Output).RootElement.GetProperty("findings").EnumerateArray()
                .First(finding => AuditTrail.Is(finding, "topic", topic) && AuditTrail.Is(finding, "level", level)),
            "message")!;
    }
}

using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams;

/// <summary>What <c>portcullis doctor</c> says of servers behind.</summary>
public sealed class UpstreamDoctor(Shared<BehindPortcullis> shared) : IClassFixture<Shared<BehindPortcullis>>
{
    [Fact]
    public async Task An_upstream_that_answers_and_accepts_its_credential_is_well()
    {
        var examined = await shared.Site.Server.CommandAsync("doctor", "--json");

        Assert.Contains(
            JsonDocument.Parse(examined.Output).RootElement.GetProperty("findings").EnumerateArray(),
            finding => AuditTrail.Is(finding, "topic", "upstream *") && AuditTrail.Text(finding, "message")!.EndsWith(" answers", StringComparison.Ordinal));
    }
}

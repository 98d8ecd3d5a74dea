using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>What an operator can learn of upstreams without asking a Git client.</summary>
public class UpstreamProbeTests
{
    [Fact]
    public async Task One_that_answers_is_well_whatever_repositories_it_has()
    {
        await using var levels = await TwoLevels.StartAsync();

        await levels.SeedAsync("acme/app");

        var unknown = await ProbeAsync(Definition(levels));
        Assert.Equal((null, false, null), (unknown.Problem, unknown.HasRepository, unknown.SpeaksVersion2));

        // Kestrel names the second of its last heartbeat, which a machine that does much else delays; what is told to an operator begins at half a minute.
        Assert.InRange(unknown.ClockAhead!.Value.TotalSeconds, -30, 30);
        Assert.Equal(new Version(1, 1), unknown.HttpVersion);

        var known = await ProbeAsync(Definition(levels), "up/acme/app");
        Assert.Equal((null, true, true), (known.Problem, known.HasRepository, known.SpeaksVersion2));
    }

    [Fact]
    public async Task One_that_rejects_the_credential_is_not()
    {
        await using var levels = await TwoLevels.StartAsync();
        await File.WriteAllTextAsync(levels.SecretFile, "nonsense", TestContext.Current.CancellationToken);

        var examination = await ProbeAsync(Definition(levels));

        Assert.Equal("It answered with status 401.", examination.Problem);
        Assert.Contains("the operator must renew 'credential'", examination.Mend, StringComparison.Ordinal);
        Assert.DoesNotContain("nonsense", examination.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_not_there_is_not()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.Upstream.StopListeningAsync();

        Assert.Contains("can't be reached", (await ProbeAsync(Definition(levels))).Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_upstreams_do_is_measured_by_outcome()
    {
        var measured = new ConcurrentBag<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "portcullis.upstream.request.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => measured.Add(string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        listener.Start();
        await using var levels = await TwoLevels.StartAsync(change: definition => definition with { Match = RepositoryPattern.Parse("measured/*") });
        await levels.SeedAsync("acme/app");

        foreach (var name in (string[])["measured/acme/app", "measured/acme/absent"])
        {
            levels.Gateway.Git(levels.Gateway.Token("git:*:pull"), null, "ls-remote", levels.Gateway.Url(name));
        }

        Assert.Contains("measured/* git-upload-pack ok", measured);
        Assert.Contains("measured/* git-upload-pack missing", measured);
    }

    private static UpstreamDefinition Definition(TwoLevels levels) => new()
    {
        Match = RepositoryPattern.Parse("up/*"),
        Url = levels.Upstream.Address,
        Credential = new BearerCredentialDefinition(new SecretLocation(levels.SecretFile, null)),
    };

    private static Task<UpstreamExamination> ProbeAsync(UpstreamDefinition definition, string? repository = null) => UpstreamProbe.RunAsync(
        definition, repository is null ? null : RepositoryPath.Parse(repository), TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
}

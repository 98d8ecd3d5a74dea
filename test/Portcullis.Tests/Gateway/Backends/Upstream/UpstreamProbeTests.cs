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

        Assert.Null(await ProbeAsync(Definition(levels)));
    }

    [Fact]
    public async Task One_that_rejects_the_credential_is_not()
    {
        await using var levels = await TwoLevels.StartAsync();
        await File.WriteAllTextAsync(levels.SecretFile, "nonsense", TestContext.Current.CancellationToken);

        var (problem, mend) = (await ProbeAsync(Definition(levels)))!.Value;

        Assert.Equal("It answered with status 401.", problem);
        Assert.Contains("the operator must renew 'credential'", mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_not_there_is_not()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.Upstream.StopListeningAsync();

        var (_, mend) = (await ProbeAsync(Definition(levels)))!.Value;

        Assert.Contains("can't be reached", mend, StringComparison.Ordinal);
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

    private static Task<(string Problem, string Mend)?> ProbeAsync(UpstreamDefinition definition) =>
        UpstreamProbe.RunAsync(definition, TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
}

namespace Portcullis.EndToEnd.Harness;

/// <summary>A site that several classes of tests use at once: started for the first of them, ended with the last.</summary>
public sealed class Shared<TSite> : IAsyncLifetime
    where TSite : Site, new()
{
    private static readonly SemaphoreSlim s_gate = new(1, 1);
    private static TSite? s_site;
    private static int s_users;

    public TSite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await s_gate.WaitAsync();
        try
        {
            if (s_site is null)
            {
                var site = new TSite();
                await site.InitializeAsync();
                s_site = site;
            }

            s_users++;
            Site = s_site;
        }
        finally
        {
            s_gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await s_gate.WaitAsync();
        try
        {
            if (Site is not null && --s_users == 0)
            {
                var site = s_site!;
                s_site = null;
                await site.DisposeAsync();
            }
        }
        finally
        {
            s_gate.Release();
        }
    }
}

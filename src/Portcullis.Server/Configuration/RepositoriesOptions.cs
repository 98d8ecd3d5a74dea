using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The repositories that are served from this machine's disk.</summary>
internal sealed record RepositoriesOptions
{
    /// <summary>Their folder: <c>acme/app</c> lives in <c>acme/app.git</c> below it.</summary>
    [FilePath]
    public string Root { get; init; } = "{data}/repositories";

    /// <summary>How often the server looks whether repositories lack a bitmap, a commit-graph or packed refs, and runs <c>git gc</c> in those that do; 0: never.</summary>
    [Between("0", "365d")]
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromHours(6);
}

using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The repositories that are served from this machine's disk.</summary>
internal sealed record RepositoriesOptions
{
    /// <summary>Their folder: <c>acme/app</c> lives in <c>acme/app.git</c> below it.</summary>
    [FilePath]
    public string Root { get; init; } = "{data}/repositories";
}

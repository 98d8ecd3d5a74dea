using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The git program that serves repositories.</summary>
internal sealed record GitOptions
{
    /// <summary>The program.</summary>
    [FilePath(MustExist = true)]
    [DefaultText("`git`, found in `PATH`")]
    public string? Program { get; init; }

    /// <summary>Git configuration for every repository, in git's own format, below each repository's own. It need not be there.</summary>
    [FilePath]
    public string Configuration { get; init; } = "{data}/gitconfig";
}
